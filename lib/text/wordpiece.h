/* SPDX-License-Identifier: Apache-2.0 */
/* From a word to the ids of its pieces. */
#ifndef MGI_TEXT_WORDPIECE_H
#define MGI_TEXT_WORDPIECE_H

#include "text/vocab.h"

#include <stdbool.h>

/* Token ids as they come: `capacity` of them are kept, from token `skipped` on; all are counted. */
typedef struct mgi_wordpiece_tokens {
    int32_t *ids;
    size_t capacity;
    size_t count;
    size_t skipped;
} mgi_wordpiece_tokens;

static inline void mgi_wordpiece_append(mgi_wordpiece_tokens *tokens, int32_t id) {
    size_t index = tokens->count++ - tokens->skipped; /* beyond all where it is skipped */
    if (index < tokens->capacity) tokens->ids[index] = id;
}

/* Nearly all words of an address are one character that the vocabulary has: that alone, quickly.
 * false, and nothing done, for other words. */
static inline bool mgi_wordpiece_single(const mgi_vocab *vocab, const int32_t *characters,
                                        size_t count, mgi_wordpiece_tokens *tokens) {
    if (count != 1 || characters[0] >= MGI_VOCAB_PLANE) return false;
    int32_t id = vocab->single[characters[0]];
    if (id == vocab->unk) return false;
    mgi_wordpiece_append(tokens, id);
    return true;
}

/* Appends the pieces of a word by greedy longest match; [UNK], and false, for a word that cannot be
 * pieced together or is longer than MGI_NORMALIZER_MAX_WORD characters. count is at least 1. */
bool mgi_wordpiece(const mgi_vocab *vocab, const int32_t *characters, size_t count,
                   mgi_wordpiece_tokens *tokens);

#endif
