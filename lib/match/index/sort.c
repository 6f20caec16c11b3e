/* SPDX-License-Identifier: Apache-2.0 */
/* Many numbers sorted by their bits: from the lowest byte to the highest. */
#include "match/index/sort.h"

#include <string.h>

enum { DIGITS = 256, PASSES = 8 };

/* From how many of each byte to where the first of each goes. false: all have one byte, so that
 * there is nothing to do. */
static int place_digits(size_t *counts, size_t count) {
    size_t at = 0;
    for (int digit = 0; digit < DIGITS; digit++) {
        const size_t here = counts[digit];
        if (here == count) return 0;
        counts[digit] = at;
        at += here;
    }
    return 1;
}

static int move_keys(const uint64_t *from, uint64_t *to, size_t count, int shift) {
    size_t counts[DIGITS] = {0};
    for (size_t i = 0; i < count; i++) counts[from[i] >> shift & 0xFF]++;
    if (!place_digits(counts, count)) return 0;
    for (size_t i = 0; i < count; i++) to[counts[from[i] >> shift & 0xFF]++] = from[i];
    return 1;
}

void mgi_sort_keys(uint64_t *keys, uint64_t *spare, size_t count) {
    uint64_t *from = keys, *to = spare;
    for (int pass = 0; pass < PASSES; pass++) {
        if (!move_keys(from, to, count, 8 * pass)) continue;
        uint64_t *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != keys) memcpy(keys, from, count * sizeof *keys);
}

static int move_pairs(const mgi_sort_pair *from, mgi_sort_pair *to, size_t count, int shift) {
    size_t counts[DIGITS] = {0};
    for (size_t i = 0; i < count; i++) counts[from[i].key >> shift & 0xFF]++;
    if (!place_digits(counts, count)) return 0;
    for (size_t i = 0; i < count; i++) to[counts[from[i].key >> shift & 0xFF]++] = from[i];
    return 1;
}

void mgi_sort_pairs(mgi_sort_pair *pairs, mgi_sort_pair *spare, size_t count) {
    mgi_sort_pair *from = pairs, *to = spare;
    for (int pass = 0; pass < PASSES; pass++) {
        if (!move_pairs(from, to, count, 8 * pass)) continue;
        mgi_sort_pair *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != pairs) memcpy(pairs, from, count * sizeof *pairs);
}
