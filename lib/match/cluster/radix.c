/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of edges by 11 bits at a time. */
#include "match/cluster/radix.h"

#include "core/alloc.h"

#include <string.h>

enum { BITS = 11, BUCKETS = 1 << BITS, PASSES = 3 };

struct mgi_radix {
    mgi_edge *spare;
    uint32_t counts[PASSES][BUCKETS];
};

mgi_radix *mgi_radix_create(size_t capacity) {
    mgi_radix *radix = mgi_calloc(1, sizeof *radix);
    if (radix == NULL) return NULL;
    radix->spare = mgi_calloc(capacity, sizeof *radix->spare);
    if (radix->spare != NULL) return radix;
    mgi_free(radix);
    return NULL;
}

void mgi_radix_destroy(mgi_radix *radix) {
    if (radix == NULL) return;
    mgi_free(radix->spare);
    mgi_free(radix);
}

/* Floats as numbers that ascend where they descend: the sign says whether their bits already do. */
static uint32_t descending(float score) {
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 != 0 ? bits : ~(bits | UINT32_C(1) << 31);
}

static uint32_t key_of(const mgi_edge *edge, mgi_radix_field field) {
    if (field == MGI_RADIX_A) return edge->a;
    return field == MGI_RADIX_B ? edge->b : descending(edge->score);
}

static uint32_t digit(uint32_t key, int pass) { return key >> (pass * BITS) & (BUCKETS - 1); }

static void count_digits(mgi_radix *radix, const mgi_edge *edges, size_t count,
                         mgi_radix_field field) {
    memset(radix->counts, 0, sizeof radix->counts);
    for (size_t i = 0; i < count; i++) {
        uint32_t key = key_of(&edges[i], field);
        for (int pass = 0; pass < PASSES; pass++) radix->counts[pass][digit(key, pass)]++;
    }
}

static void begin_buckets(uint32_t counts[BUCKETS]) {
    uint32_t begin = 0;
    for (int i = 0; i < BUCKETS; i++) {
        uint32_t count = counts[i];
        counts[i] = begin;
        begin += count;
    }
}

void mgi_radix_sort(mgi_radix *radix, mgi_edge **edges, size_t count, mgi_radix_field field) {
    if (count < 2) return;
    count_digits(radix, *edges, count, field);
    for (int pass = 0; pass < PASSES; pass++) {
        uint32_t *counts = radix->counts[pass];
        mgi_edge *from = *edges;
        if (counts[digit(key_of(from, field), pass)] == count) continue; /* all alike */
        begin_buckets(counts);
        for (size_t i = 0; i < count; i++) {
            radix->spare[counts[digit(key_of(&from[i], field), pass)]++] = from[i];
        }
        *edges = radix->spare;
        radix->spare = from;
    }
}
