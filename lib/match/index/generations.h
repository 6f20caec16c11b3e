/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshot is current: readers take it without waiting while a writer puts the next one in
 * its place. */
#ifndef MGI_MATCH_INDEX_GENERATIONS_H
#define MGI_MATCH_INDEX_GENERATIONS_H

#include "match/index/snapshot.h"

enum { MGI_GENERATIONS_STRIPES = 16 };

/* Readers that are about to take a reference; a cache line each. */
typedef struct mgi_generations_stripe {
    _Alignas(64) _Atomic int64_t pins;
} mgi_generations_stripe;

typedef struct mgi_generations {
    /* The place of the current snapshot (the lowest bit) and the number of changes so far. */
    _Atomic uint64_t route;
    mgi_snapshot *places[2];
    mgi_generations_stripe stripes[2][MGI_GENERATIONS_STRIPES];
} mgi_generations;

/* `snapshot` becomes the first, its reference the generations'. */
void mgi_generations_init(mgi_generations *generations, mgi_snapshot *snapshot);
/* No one may be taking. */
void mgi_generations_finish(mgi_generations *generations);

/* The current snapshot, with a reference for the caller. Any thread; never waits, but tries again
 * where the current one changed meanwhile. */
mgi_snapshot *mgi_generations_take(mgi_generations *generations);

/* Makes `snapshot` the current one, numbers it, and returns the former with its reference. One
 * writer at a time. */
mgi_snapshot *mgi_generations_publish(mgi_generations *generations, mgi_snapshot *snapshot);

/* In a forked child, before anything else: readers of the parent are none here. */
void mgi_generations_forget_readers(mgi_generations *generations);

#endif
