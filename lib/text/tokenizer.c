/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes a pair of texts: [CLS] a [SEP] b [SEP], cut longest first. */
#include "text/tokenizer.h"

#include "core/alloc.h"
#include "text/normalizer.h"
#include "text/unknown_words.h"
#include "text/vocab.h"
#include "text/wordpiece.h"

#include <string.h>

enum { SPECIAL_TOKENS = 3 };

struct mgi_tokenizer {
    mgi_tokenizer_options options;
    mgi_normalizer *normalizer;
    mgi_vocab *vocab;
};

/* What one text holds that the model cannot see. */
typedef struct unseen {
    bool any;                /* unknown punctuation too */
    mgi_unknown_words words; /* all but punctuation */
} unseen;

struct mgi_tokenizer_scratch {
    uint32_t max_length;
    unseen unseen[2];
    int32_t ids[]; /* [2][max_length - SPECIAL_TOKENS]: what the pair's sides may need */
};

mgeo_status mgi_tokenizer_create(const mgi_tokenizer_options *options, const void *vocab,
                                 size_t vocab_bytes, const char *vocab_name,
                                 mgi_tokenizer **tokenizer, mgeo_error *error) {
    *tokenizer = NULL;
    mgi_tokenizer *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a tokenizer", sizeof *made);
    made->options = *options;
    bool strip = options->strip_accents == MGI_TOKENIZER_STRIP_YES ||
                 (options->strip_accents == MGI_TOKENIZER_STRIP_AS_LOWER && options->do_lower_case);
    mgi_normalizer_rules rules = {.lower_case = options->do_lower_case,
                                  .strip_accents = strip,
                                  .space_chinese = options->tokenize_chinese_chars};
    mgeo_status status = mgi_vocab_create(vocab, vocab_bytes, vocab_name, &made->vocab, error);
    if (status != MGEO_OK) goto cleanup;
    made->normalizer = mgi_normalizer_create(&rules);
    if (made->normalizer == NULL) {
        status = mgi_fail(error, MGEO_E_MEMORY, "out of memory: a table of characters");
        goto cleanup;
    }
    *tokenizer = made;
    return MGEO_OK;

cleanup:
    mgi_tokenizer_destroy(made);
    return status;
}

void mgi_tokenizer_destroy(mgi_tokenizer *tokenizer) {
    if (tokenizer == NULL) return;
    mgi_normalizer_destroy(tokenizer->normalizer);
    mgi_vocab_destroy(tokenizer->vocab);
    mgi_free(tokenizer);
}

uint32_t mgi_tokenizer_vocabulary(const mgi_tokenizer *tokenizer) {
    return tokenizer->vocab->count;
}

size_t mgi_tokenizer_bytes(const mgi_tokenizer *tokenizer) {
    return sizeof *tokenizer + mgi_normalizer_bytes() + mgi_vocab_bytes(tokenizer->vocab);
}

mgi_tokenizer_scratch *mgi_tokenizer_scratch_create(uint32_t max_length) {
    if (max_length < MGI_TOKENIZER_MIN_LENGTH) return NULL;
    size_t side = max_length - SPECIAL_TOKENS;
    if (side > (SIZE_MAX - sizeof(mgi_tokenizer_scratch)) / (2 * sizeof(int32_t))) return NULL;
    mgi_tokenizer_scratch *scratch =
        mgi_calloc(1, sizeof(mgi_tokenizer_scratch) + 2 * side * sizeof(int32_t));
    if (scratch != NULL) scratch->max_length = max_length;
    return scratch;
}

void mgi_tokenizer_scratch_destroy(mgi_tokenizer_scratch *scratch) { mgi_free(scratch); }

/* ---- one side -------------------------------------------------------------------------------- */

typedef struct pair_side {
    const mgi_vocab *vocab;
    mgi_wordpiece_tokens tokens;
    unseen *unseen;
} pair_side;

/* Quotes and dashes are unknown to many vocabularies, and no two places differ in them alone. */
static void take_unknown_word(unseen *of_side, const int32_t *characters, size_t count) {
    of_side->any = true;
    if (count == 1 && mgi_normalizer_is_punctuation(characters[0])) return;
    mgi_unknown_words_take(&of_side->words, characters, count);
}

static void take_pieces(pair_side *side, const int32_t *characters, size_t count) {
    bool known = mgi_wordpiece(side->vocab, characters, count, &side->tokens);
    if (!known) take_unknown_word(side->unseen, characters, count);
}

static void take_word(void *user, const int32_t *characters, size_t count) {
    pair_side *side = user;
    if (mgi_wordpiece_single(side->vocab, characters, count, &side->tokens)) return;
    take_pieces(side, characters, count);
}

static void take_lost(void *user, int32_t character) {
    pair_side *side = user;
    take_unknown_word(side->unseen, &character, 1);
}

static uint32_t encode_side(const mgi_tokenizer *tokenizer, const char *text, size_t bytes,
                            mgi_tokenizer_scratch *scratch, int index,
                            mgi_wordpiece_tokens *tokens) {
    size_t capacity = scratch->max_length - SPECIAL_TOKENS;
    int32_t *ids = scratch->ids + (size_t)index * capacity;
    pair_side side = {tokenizer->vocab, {ids, capacity, 0}, &scratch->unseen[index]};
    const mgi_normalizer_receiver receiver = {take_word, take_lost, &side};
    side.unseen->any = false;
    side.unseen->words.count = 0;
    side.unseen->words.digest = 0;
    if (text == NULL) bytes = 0;
    if (bytes == MGEO_NUL_TERMINATED) bytes = strlen(text);
    bool valid = mgi_normalizer_split(tokenizer->normalizer, text, bytes, &receiver);
    *tokens = side.tokens;
    if (!valid) return MGEO_ROW_INVALID_UTF8;
    return tokens->count == 0 ? MGEO_ROW_EMPTY : 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

/* Lengths after longest_first, for a pair that is too long: a side that needs less than its half
 * leaves the rest to the other. One token at a time taken from the longer side, and from b on ties,
 * leaves the odd token to a. The Rust tokenizer leaves it to the longer side, and to b on ties. */
static void truncate_longest_first(size_t *a, size_t *b, size_t budget, bool halve_budget) {
    size_t odd = budget % 2;
    bool odd_to_a = !halve_budget || *a > *b;
    size_t share_a = budget / 2 + (odd_to_a ? odd : 0);
    size_t share_b = budget - share_a;
    if (*a <= share_a) {
        *b = budget - *a;
    } else if (*b <= share_b) {
        *a = budget - *b;
    } else {
        *a = share_a;
        *b = share_b;
    }
}

/* Writes a side and the [SEP] behind it. */
static int32_t *write_side(int32_t *to, const int32_t *ids, size_t count, int32_t sep) {
    memcpy(to, ids, count * sizeof *ids);
    to[count] = sep;
    return to + count + 1;
}

static uint32_t unseen_flags(const unseen sides[2]) {
    if (!sides[0].any && !sides[1].any) return 0;
    bool differ = mgi_unknown_words_differ(&sides[0].words, &sides[1].words);
    return MGEO_ROW_UNKNOWN_CHARACTERS | (differ ? MGEO_ROW_UNKNOWN_DIFFER : 0);
}

uint32_t mgi_tokenizer_encode(const mgi_tokenizer *tokenizer, const mgeo_pair *pair,
                              mgi_tokenizer_scratch *scratch, int32_t *ids, uint8_t *types,
                              uint32_t *length) {
    size_t budget = scratch->max_length - SPECIAL_TOKENS;
    mgi_wordpiece_tokens a;
    mgi_wordpiece_tokens b;
    *length = 0;
    uint32_t flags = encode_side(tokenizer, pair->a, pair->a_len, scratch, 0, &a) |
                     encode_side(tokenizer, pair->b, pair->b_len, scratch, 1, &b);
    flags |= unseen_flags(scratch->unseen);
    const uint32_t unscored = MGEO_ROW_INVALID_UTF8 | MGEO_ROW_EMPTY;
    if ((flags & unscored) != 0) return flags & (unscored | MGEO_ROW_UNKNOWN_CHARACTERS);
    if (a.count > budget || b.count > budget - a.count) {
        truncate_longest_first(&a.count, &b.count, budget, tokenizer->options.halve_budget);
        flags |= MGEO_ROW_TRUNCATED;
    }
    ids[0] = tokenizer->vocab->cls;
    int32_t *middle = write_side(ids + 1, a.ids, a.count, tokenizer->vocab->sep);
    int32_t *end = write_side(middle, b.ids, b.count, tokenizer->vocab->sep);
    *length = (uint32_t)(end - ids);
    size_t zeros = tokenizer->options.one_type ? *length : (size_t)(middle - ids);
    memset(types, 0, zeros);
    memset(types + zeros, 1, *length - zeros);
    return flags;
}
