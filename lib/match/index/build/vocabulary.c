/* SPDX-License-Identifier: Apache-2.0 */
/* The terms that one worker of a build has met, numbered in the order in which it met them. */
#include "match/index/build/vocabulary.h"

#include "core/alloc.h"

enum { FIRST_BITS = 8 };

/* At most two slots of three are taken. */
static unsigned bits_for(const mgi_vocabulary *vocabulary, size_t more) {
    const uint64_t count = (uint64_t)vocabulary->count + more;
    unsigned bits = vocabulary->bits < FIRST_BITS ? FIRST_BITS : vocabulary->bits;
    while ((UINT64_C(1) << bits) * 2 < count * 3) bits++;
    return bits;
}

uint64_t mgi_vocabulary_growth(const mgi_vocabulary *vocabulary, size_t more) {
    const unsigned bits = bits_for(vocabulary, more);
    if (bits == vocabulary->bits) return 0;
    return (UINT64_C(1) << bits) * sizeof(mgi_vocabulary_entry);
}

static mgi_vocabulary_entry *find(const mgi_vocabulary *vocabulary, uint64_t key) {
    const uint64_t mask = (UINT64_C(1) << vocabulary->bits) - 1;
    uint64_t slot = key & mask;
    while (vocabulary->entries[slot].number != 0 && vocabulary->entries[slot].key != key) {
        slot = (slot + 1) & mask;
    }
    return &vocabulary->entries[slot];
}

bool mgi_vocabulary_reserve(mgi_vocabulary *vocabulary, size_t more) {
    mgi_vocabulary grown = {.bits = bits_for(vocabulary, more), .count = vocabulary->count};
    if (grown.bits == vocabulary->bits) return true;
    grown.entries = mgi_calloc((size_t)1 << grown.bits, sizeof *grown.entries);
    if (grown.entries == NULL) return false;
    const uint64_t slots = vocabulary->entries == NULL ? 0 : UINT64_C(1) << vocabulary->bits;
    for (uint64_t i = 0; i < slots; i++) {
        const mgi_vocabulary_entry *entry = &vocabulary->entries[i];
        if (entry->number != 0) *find(&grown, entry->key) = *entry;
    }
    mgi_free(vocabulary->entries);
    *vocabulary = grown;
    return true;
}

uint32_t mgi_vocabulary_count(mgi_vocabulary *vocabulary, uint64_t key) {
    mgi_vocabulary_entry *entry = find(vocabulary, key);
    if (entry->number == 0) {
        entry->key = key;
        entry->number = ++vocabulary->count;
    }
    entry->count++;
    return entry->number - 1;
}

void mgi_vocabulary_finish(mgi_vocabulary *vocabulary) {
    mgi_free(vocabulary->entries);
    *vocabulary = (mgi_vocabulary){0};
}
