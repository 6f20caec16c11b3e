/* SPDX-License-Identifier: Apache-2.0 */
/* Greedy longest match of a word's pieces. */
#include "text/wordpiece.h"

#include "text/normalizer.h"

/* The longest piece at the front of the characters: its length, 0 if there is none. */
static size_t longest_piece(const mgi_vocab *vocab, uint32_t root, const int32_t *characters,
                            size_t count, int32_t *id) {
    size_t longest = 0;
    uint32_t node = root;
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = mgi_vocab_slot(vocab, node, characters[i]);
        const mgi_vocab_step *step = &vocab->steps[slot];
        if (step->parent == MGI_VOCAB_NONE) break;
        if (step->id >= 0) {
            longest = i + 1;
            *id = step->id;
        }
        node = mgi_vocab_node(slot);
    }
    return longest;
}

bool mgi_wordpiece(const mgi_vocab *vocab, const int32_t *characters, size_t count,
                   mgi_wordpiece_tokens *tokens) {
    if (mgi_wordpiece_single(vocab, characters, count, tokens)) return true;
    size_t before = tokens->count;
    bool hopeless = count > vocab->longest_word || (count == 1 && characters[0] < MGI_VOCAB_PLANE);
    size_t at = hopeless ? count : 0;
    bool whole = !hopeless;
    while (at < count) {
        int32_t id = vocab->unk;
        uint32_t root = at == 0 ? MGI_VOCAB_WORD : MGI_VOCAB_INSIDE;
        size_t length = longest_piece(vocab, root, characters + at, count - at, &id);
        if (length == 0) {
            whole = false;
            break;
        }
        mgi_wordpiece_append(tokens, id);
        at += length;
    }
    if (whole) return true;
    tokens->count = before;
    mgi_wordpiece_append(tokens, vocab->unk);
    return false;
}
