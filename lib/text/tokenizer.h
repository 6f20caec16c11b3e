/* SPDX-License-Identifier: Apache-2.0 */
/* From two texts to the token ids of one pair: the whole of lib/text as others see it. */
#ifndef MGI_TEXT_TOKENIZER_H
#define MGI_TEXT_TOKENIZER_H

#include "core/status.h"
#include "text/added_tokens.h"
#include "text/vocab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [CLS] a [SEP] b [SEP] with one token on each side: no smaller limit makes sense. */
enum { MGI_TOKENIZER_MIN_LENGTH = 5 };

typedef enum mgi_tokenizer_strip {
    MGI_TOKENIZER_STRIP_AS_LOWER = 0, /* strip if do_lower_case, as Hugging Face does for null */
    MGI_TOKENIZER_STRIP_YES = 1,
    MGI_TOKENIZER_STRIP_NO = 2
} mgi_tokenizer_strip;

/* What tokenizer_config.json decides. */
typedef struct mgi_tokenizer_options {
    bool do_lower_case;
    bool tokenize_chinese_chars;
    mgi_tokenizer_strip strip_accents;
    bool halve_budget; /* truncation as the Rust tokenizer does it (use_fast), else as Python's */
    bool one_type;     /* token types all 0 (rerank models), else 0 for a and 1 for b */
    bool as_rust;      /* characters as the Rust tokenizer takes them, else as Python's does */
    bool cut_left;     /* a text that is too long loses its beginning, else its end */
} mgi_tokenizer_options;

/* Immutable once made; any number of threads may encode with it at once. */
typedef struct mgi_tokenizer mgi_tokenizer;

/* Makes a tokenizer from the bytes of a vocab.txt (one token per line, id = line number), which it
 * does not keep. vocab_name is for error lines. [CLS], [SEP] and [UNK] must be there.
 * Errors: MGEO_E_FORMAT (names line and reason), MGEO_E_MEMORY. */
mgeo_status mgi_tokenizer_create(const mgi_tokenizer_options *options, const void *vocab,
                                 size_t vocab_bytes, const char *vocab_name,
                                 mgi_tokenizer **tokenizer, mgeo_error *error);
/* All that a tokenizer is made from. Nothing of it is kept. */
typedef struct mgi_tokenizer_plan {
    mgi_tokenizer_options options;
    mgi_vocab_rules rules;
    const void *lines; /* the bytes of a vocab.txt; NULL: there is none */
    size_t lines_bytes;
    const char *lines_name;
    const mgi_vocab_token *tokens; /* tokens that differ; NULL: none are listed */
    size_t token_count;
    const char *tokens_name;
    mgi_added_token *added; /* ids of -1 become the vocabulary's */
    size_t added_count;
    const char *added_name;
} mgi_tokenizer_plan;

/* Makes a tokenizer from lines, from listed tokens, or from both, which must then agree. An added
 * token that the vocabulary has must have its id; others have the ids behind the vocabulary's
 * tokens, in their order, as the tokenizers library gives them.
 * Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED, MGEO_E_MEMORY. */
mgeo_status mgi_tokenizer_create_by(const mgi_tokenizer_plan *plan, mgi_tokenizer **tokenizer,
                                    mgeo_error *error);
void mgi_tokenizer_destroy(mgi_tokenizer *tokenizer);

/* Tokens in the vocabulary: ids are below it. */
uint32_t mgi_tokenizer_vocabulary(const mgi_tokenizer *tokenizer);

/* The ids of [CLS] and [SEP], whatever their names. */
void mgi_tokenizer_special_ids(const mgi_tokenizer *tokenizer, int32_t *cls, int32_t *sep);

/* Memory that it takes. */
size_t mgi_tokenizer_bytes(const mgi_tokenizer *tokenizer);

/* Working memory of one encoding thread, for pairs up to max_length tokens (>=
 * MGI_TOKENIZER_MIN_LENGTH). Nothing is allocated while encoding. NULL when out of memory. */
typedef struct mgi_tokenizer_scratch mgi_tokenizer_scratch;
mgi_tokenizer_scratch *mgi_tokenizer_scratch_create(uint32_t max_length);
void mgi_tokenizer_scratch_destroy(mgi_tokenizer_scratch *scratch);

/* Encodes one pair into ids and types [max_length of the scratch]. Returns MGEO_ROW_* flags; with
 * INVALID_UTF8 or EMPTY the row must not be scored and *length is 0. What is unknown is looked for
 * in the whole texts, also behind a cut. Texts of any length take time
 * in proportion and no memory. A special token's name written in a text is text: it never becomes
 * the special token, so that an address cannot end its own segment. Added tokens become what they
 * are. */
uint32_t mgi_tokenizer_encode(const mgi_tokenizer *tokenizer, const mgeo_pair *pair,
                              mgi_tokenizer_scratch *scratch, int32_t *ids, uint8_t *types,
                              uint32_t *length);

#endif
