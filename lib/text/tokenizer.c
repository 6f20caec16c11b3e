/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes a pair of texts: [CLS] a [SEP] b [SEP], cut longest first. */
#include "text/tokenizer.h"

#include "core/alloc.h"
#include "text/normalizer.h"
#include "text/unknown_words.h"
#include "text/wordpiece.h"

#include <string.h>

enum { SPECIAL_TOKENS = 3 };

struct mgi_tokenizer {
    mgi_tokenizer_options options;
    mgi_normalizer *normalizer;
    mgi_vocab *vocab;
    mgi_added_tokens *added; /* NULL: none */
    uint32_t ids;            /* all are below it */
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

/* Does the list say what the lines say? */
static mgeo_status check_listed(const mgi_tokenizer_plan *plan, const mgi_vocab *vocab,
                                mgeo_error *error) {
    bool empty = false;
    uint32_t tokens = 0;
    for (size_t i = 0; i < plan->token_count; i++) {
        const mgi_vocab_token *token = &plan->tokens[i];
        if (token->text[0] == '\0') empty = true;
        if (token->text[0] == '\0') continue;
        tokens++;
        int32_t id = mgi_vocab_find(vocab, token->text, strlen(token->text));
        if (id == (int32_t)token->id) continue;
        if (id < 0) {
            return mgi_fail(error, MGEO_E_FORMAT,
                            "%s: the token \"%.64s\" is not in vocab.txt beside it: remove the "
                            "file that is not the model's",
                            plan->tokens_name, token->text);
        }
        return mgi_fail(error, MGEO_E_FORMAT,
                        "%s: the token \"%.64s\" has the id %u, and %d in vocab.txt beside it: "
                        "remove the file that is not the model's",
                        plan->tokens_name, token->text, token->id, id);
    }
    if (tokens + (empty ? 1 : 0) == vocab->tokens) return MGEO_OK;
    return mgi_fail(error, MGEO_E_FORMAT,
                    "%s: %u tokens, and %u in vocab.txt beside it: remove the file that is not the "
                    "model's",
                    plan->tokens_name, tokens + (empty ? 1 : 0), vocab->tokens);
}

static mgeo_status make_vocab(mgi_tokenizer *made, const mgi_tokenizer_plan *plan,
                              mgeo_error *error) {
    mgeo_status status;
    if (plan->lines == NULL) {
        status = mgi_vocab_create_of(&plan->rules, plan->tokens, plan->token_count,
                                     plan->tokens_name, &made->vocab, error);
    } else {
        status = mgi_vocab_create_by(&plan->rules, plan->lines, plan->lines_bytes, plan->lines_name,
                                     &made->vocab, error);
        if (status == MGEO_OK && plan->tokens != NULL) {
            status = check_listed(plan, made->vocab, error);
        }
    }
    if (status == MGEO_OK) made->ids = made->vocab->count;
    return status;
}

static mgeo_status check_added(mgi_tokenizer *made, const mgi_tokenizer_plan *plan,
                               mgeo_error *error) {
    uint32_t next = made->vocab->tokens;
    for (size_t i = 0; i < plan->added_count; i++) {
        mgi_added_token *token = &plan->added[i];
        if (token->text[0] == '\0') continue;
        int32_t id = mgi_vocab_find(made->vocab, token->text, strlen(token->text));
        if (token->id < 0 && id < 0) {
            return mgi_fail(error, MGEO_E_FORMAT,
                            "%s: the special token \"%.64s\" is not in the vocabulary",
                            plan->added_name, token->text);
        }
        if (token->id < 0) token->id = id;
        if (id < 0) id = (int32_t)next++;
        if (id != token->id) {
            return mgi_fail(error, MGEO_E_FORMAT,
                            "%s: the added token \"%.64s\" has the id %d, but behind this "
                            "vocabulary its place is %d",
                            plan->added_name, token->text, token->id, id);
        }
        if ((uint32_t)id >= made->ids) made->ids = (uint32_t)id + 1;
    }
    return MGEO_OK;
}

static mgeo_status make_normalizer(mgi_tokenizer *made, mgeo_error *error) {
    const mgi_tokenizer_options *options = &made->options;
    bool strip = options->strip_accents == MGI_TOKENIZER_STRIP_YES ||
                 (options->strip_accents == MGI_TOKENIZER_STRIP_AS_LOWER && options->do_lower_case);
    mgi_normalizer_rules rules = {.lower_case = options->do_lower_case,
                                  .strip_accents = strip,
                                  .space_chinese = options->tokenize_chinese_chars,
                                  .as_rust = options->as_rust};
    made->normalizer = mgi_normalizer_create(&rules);
    if (made->normalizer != NULL) return MGEO_OK;
    return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a table of characters");
}

mgeo_status mgi_tokenizer_create_by(const mgi_tokenizer_plan *plan, mgi_tokenizer **tokenizer,
                                    mgeo_error *error) {
    *tokenizer = NULL;
    mgi_tokenizer *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a tokenizer", sizeof *made);
    made->options = plan->options;
    mgeo_status status = make_vocab(made, plan, error);
    if (status == MGEO_OK) status = check_added(made, plan, error);
    if (status == MGEO_OK) status = make_normalizer(made, error);
    if (status == MGEO_OK) {
        status = mgi_added_tokens_create(plan->added, plan->added_count, made->normalizer,
                                         plan->added_name, &made->added, error);
    }
    if (status != MGEO_OK) {
        mgi_tokenizer_destroy(made);
        return status;
    }
    *tokenizer = made;
    return MGEO_OK;
}

mgeo_status mgi_tokenizer_create(const mgi_tokenizer_options *options, const void *vocab,
                                 size_t vocab_bytes, const char *vocab_name,
                                 mgi_tokenizer **tokenizer, mgeo_error *error) {
    const mgi_tokenizer_plan plan = {.options = *options,
                                     .rules = mgi_vocab_rules_bert,
                                     .lines = vocab == NULL ? "" : vocab,
                                     .lines_bytes = vocab_bytes,
                                     .lines_name = vocab_name};
    return mgi_tokenizer_create_by(&plan, tokenizer, error);
}

void mgi_tokenizer_destroy(mgi_tokenizer *tokenizer) {
    if (tokenizer == NULL) return;
    mgi_added_tokens_destroy(tokenizer->added);
    mgi_normalizer_destroy(tokenizer->normalizer);
    mgi_vocab_destroy(tokenizer->vocab);
    mgi_free(tokenizer);
}

uint32_t mgi_tokenizer_vocabulary(const mgi_tokenizer *tokenizer) { return tokenizer->ids; }

void mgi_tokenizer_special_ids(const mgi_tokenizer *tokenizer, int32_t *cls, int32_t *sep) {
    *cls = tokenizer->vocab->cls;
    *sep = tokenizer->vocab->sep;
}

size_t mgi_tokenizer_bytes(const mgi_tokenizer *tokenizer) {
    return sizeof *tokenizer + mgi_normalizer_bytes() + mgi_vocab_bytes(tokenizer->vocab) +
           mgi_added_tokens_bytes(tokenizer->added);
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

static void take_token(void *user, int32_t id) {
    pair_side *side = user;
    mgi_wordpiece_append(&side->tokens, id);
}

static bool split(const mgi_tokenizer *tokenizer, const char *text, size_t bytes,
                  const mgi_normalizer_receiver *receiver) {
    if (tokenizer->added == NULL) {
        return mgi_normalizer_split(tokenizer->normalizer, text, bytes, receiver);
    }
    return mgi_added_tokens_split(tokenizer->added, text, bytes, receiver, take_token);
}

static uint32_t encode_side(const mgi_tokenizer *tokenizer, const char *text, size_t bytes,
                            mgi_tokenizer_scratch *scratch, int index,
                            mgi_wordpiece_tokens *tokens) {
    size_t capacity = scratch->max_length - SPECIAL_TOKENS;
    int32_t *ids = scratch->ids + (size_t)index * capacity;
    pair_side side = {
        tokenizer->vocab, {ids, capacity, 0, tokens->skipped}, &scratch->unseen[index]};
    const mgi_normalizer_receiver receiver = {take_word, take_lost, &side};
    side.unseen->any = false;
    side.unseen->words.count = 0;
    side.unseen->words.digest = 0;
    if (text == NULL) bytes = 0;
    if (bytes == MGEO_NUL_TERMINATED) bytes = strlen(text);
    bool valid = split(tokenizer, text, bytes, &receiver);
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

/* Encodes a side of `whole` tokens again if it was cut: for its last tokens, as many as it has now
 * got room for. */
static void keep_end(const mgi_tokenizer *tokenizer, const char *text, size_t bytes, size_t whole,
                     mgi_tokenizer_scratch *scratch, int index, mgi_wordpiece_tokens *tokens) {
    size_t kept = tokens->count;
    if (kept == whole) return;
    tokens->skipped = whole - kept;
    encode_side(tokenizer, text, bytes, scratch, index, tokens);
    tokens->count = kept;
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
    mgi_wordpiece_tokens a = {.skipped = 0};
    mgi_wordpiece_tokens b = {.skipped = 0};
    *length = 0;
    uint32_t flags = encode_side(tokenizer, pair->a, pair->a_len, scratch, 0, &a) |
                     encode_side(tokenizer, pair->b, pair->b_len, scratch, 1, &b);
    flags |= unseen_flags(scratch->unseen);
    const uint32_t unscored = MGEO_ROW_INVALID_UTF8 | MGEO_ROW_EMPTY;
    if ((flags & unscored) != 0) return flags & (unscored | MGEO_ROW_UNKNOWN_CHARACTERS);
    if (a.count > budget || b.count > budget - a.count) {
        const size_t whole[2] = {a.count, b.count};
        truncate_longest_first(&a.count, &b.count, budget, tokenizer->options.halve_budget);
        flags |= MGEO_ROW_TRUNCATED;
        if (tokenizer->options.cut_left) {
            keep_end(tokenizer, pair->a, pair->a_len, whole[0], scratch, 0, &a);
            keep_end(tokenizer, pair->b, pair->b_len, whole[1], scratch, 1, &b);
        }
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
