/* SPDX-License-Identifier: Apache-2.0 */
/* The terms that one worker of a build has met, numbered in the order in which it met them. */
#ifndef MGI_MATCH_INDEX_BUILD_VOCABULARY_H
#define MGI_MATCH_INDEX_BUILD_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mgi_vocabulary_entry {
    uint64_t key;
    uint32_t number; /* plus 1; 0: empty */
    uint32_t count;  /* documents that have it */
} mgi_vocabulary_entry;

/* All zero is empty. */
typedef struct mgi_vocabulary {
    mgi_vocabulary_entry *entries; /* 1 << bits */
    unsigned bits;
    uint32_t count;
} mgi_vocabulary;

/* The bytes that it has, and that it takes besides while it grows to hold `more`. */
uint64_t mgi_vocabulary_growth(const mgi_vocabulary *vocabulary, size_t more);
/* Room for `more` keys. false: out of memory. */
bool mgi_vocabulary_reserve(mgi_vocabulary *vocabulary, size_t more);
/* The key's number; counts a document. Room was reserved. */
uint32_t mgi_vocabulary_count(mgi_vocabulary *vocabulary, uint64_t key);
void mgi_vocabulary_finish(mgi_vocabulary *vocabulary);

#endif
