/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are looked for in others: a trie of characters whose longest match is found. */
#ifndef MGI_TEXT_CHARACTER_TRIE_H
#define MGI_TEXT_CHARACTER_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mgi_character_trie_step {
    uint32_t parent; /* 0: the slot is free; 1: the root */
    int32_t character;
    int32_t value; /* of the text that ends here, or -1 */
} mgi_character_trie_step;

/* All zero is a trie without texts. */
typedef struct mgi_character_trie {
    mgi_character_trie_step *steps;
    uint32_t mask;    /* slots - 1 */
    uint32_t longest; /* characters of the longest text */
} mgi_character_trie;

/* Room for texts of that many characters in all. False: out of memory. */
bool mgi_character_trie_init(mgi_character_trie *trie, size_t characters);
void mgi_character_trie_finish(mgi_character_trie *trie);

/* Puts a text in, which is not empty. Of equal ones the first stays. */
void mgi_character_trie_put(mgi_character_trie *trie, const int32_t *characters, size_t count,
                            int32_t value);

/* Looks for the longest text that the characters begin with: its length, 0 where there is none. */
size_t mgi_character_trie_match(const mgi_character_trie *trie, const int32_t *characters,
                                size_t count, int32_t *value);

/* The same for UTF-8: the bytes of the match. */
size_t mgi_character_trie_match_utf8(const mgi_character_trie *trie, const unsigned char *at,
                                     const unsigned char *end, int32_t *value);

#endif
