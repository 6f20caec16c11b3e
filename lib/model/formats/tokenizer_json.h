/* SPDX-License-Identifier: Apache-2.0 */
/* A tokenizer.json of the tokenizers library: a BERT WordPiece tokenizer, or refused by name. */
#ifndef MGI_MODEL_FORMATS_TOKENIZER_JSON_H
#define MGI_MODEL_FORMATS_TOKENIZER_JSON_H

#include "core/json/json.h"
#include "model/fields/fields.h"
#include "text/tokenizer.h"

/* What it says. Texts and values belong to the JSON it was read from. */
typedef struct mgi_tokenizer_json {
    bool lower_case;
    bool space_chinese;
    mgi_tokenizer_strip strip_accents;
    const char *unk;
    const char *prefix; /* of pieces inside a word */
    uint32_t longest_word;
    const char *cls, *sep; /* of the post-processor */
    int32_t cls_id, sep_id;
    bool one_type;               /* the post-processor gives both texts type 0 */
    bool cut_left;               /* truncation takes from the left */
    const mgi_json_value *added; /* array of added tokens; NULL: none */
    mgi_vocab_token *tokens;     /* the vocabulary, in the file's order */
    size_t token_count;
} mgi_tokenizer_json;

/* Reads the file's object, and notes what it does not use. *json is finished in any case.
 * Errors: MGEO_E_FORMAT, MGEO_E_UNSUPPORTED (a model, normalizer, pre-tokenizer or post-processor
 * that is not BERT's), MGEO_E_MEMORY. */
mgeo_status mgi_tokenizer_json_read(mgi_tokenizer_json *json, const mgi_json_object *file,
                                    mgi_unused_fields *unused, mgeo_error *error);
void mgi_tokenizer_json_finish(mgi_tokenizer_json *json);

#endif
