/* SPDX-License-Identifier: Apache-2.0 */
/* A trie of characters in one hash table of its steps. */
#include "text/character_trie.h"

#include "core/alloc.h"
#include "core/utf8.h"

enum { ROOT = 1 };

bool mgi_character_trie_init(mgi_character_trie *trie, size_t characters) {
    size_t slots = 16;
    while (slots < characters + characters / 2 + 1) slots *= 2;
    *trie = (mgi_character_trie){.mask = (uint32_t)(slots - 1)};
    trie->steps = mgi_calloc(slots, sizeof *trie->steps);
    return trie->steps != NULL;
}

void mgi_character_trie_finish(mgi_character_trie *trie) {
    mgi_free(trie->steps);
    trie->steps = NULL;
}

/* The slot where the step lies, or the free one where it would. */
static uint32_t slot_of(const mgi_character_trie *trie, uint32_t node, int32_t character) {
    uint64_t key = ((uint64_t)node << 21 ^ (uint64_t)(uint32_t)character) * 0x9E3779B97F4A7C15u;
    uint32_t slot = (uint32_t)(key >> 32) & trie->mask;
    for (;;) {
        const mgi_character_trie_step *step = &trie->steps[slot];
        if (step->parent == 0 || (step->parent == node && step->character == character)) {
            return slot;
        }
        slot = (slot + 1) & trie->mask;
    }
}

static uint32_t node_of(uint32_t slot) { return slot + ROOT + 1; }

void mgi_character_trie_put(mgi_character_trie *trie, const int32_t *characters, size_t count,
                            int32_t value) {
    uint32_t node = ROOT;
    mgi_character_trie_step *step = NULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = slot_of(trie, node, characters[i]);
        step = &trie->steps[slot];
        if (step->parent == 0) *step = (mgi_character_trie_step){node, characters[i], -1};
        node = node_of(slot);
    }
    if (step != NULL && step->value < 0) step->value = value;
    if (count > trie->longest) trie->longest = (uint32_t)count;
}

/* Goes one step on; false where the trie ends. */
static bool go(const mgi_character_trie *trie, uint32_t *node, int32_t character,
               const mgi_character_trie_step **step) {
    uint32_t slot = slot_of(trie, *node, character);
    *step = &trie->steps[slot];
    *node = node_of(slot);
    return (*step)->parent != 0;
}

size_t mgi_character_trie_match(const mgi_character_trie *trie, const int32_t *characters,
                                size_t count, int32_t *value) {
    size_t longest = 0;
    uint32_t node = ROOT;
    const mgi_character_trie_step *step;
    for (size_t i = 0; i < count && go(trie, &node, characters[i], &step); i++) {
        if (step->value < 0) continue;
        *value = step->value;
        longest = i + 1;
    }
    return longest;
}

size_t mgi_character_trie_match_utf8(const mgi_character_trie *trie, const unsigned char *at,
                                     const unsigned char *end, int32_t *value) {
    const unsigned char *from = at;
    size_t longest = 0;
    uint32_t node = ROOT;
    const mgi_character_trie_step *step;
    while (at < end) {
        int32_t character;
        size_t length = mgi_utf8_decode(at, end, &character);
        if (length == 0 || !go(trie, &node, character, &step)) break;
        at += length;
        if (step->value < 0) continue;
        *value = step->value;
        longest = (size_t)(at - from);
    }
    return longest;
}
