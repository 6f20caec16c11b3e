/* SPDX-License-Identifier: Apache-2.0 */
/* A pipeline of stages that work at the same time on items in a ring, each of which passes them in
 * order. */
#ifndef CLI_MATCH_SEARCH_RING_H
#define CLI_MATCH_SEARCH_RING_H

#include <stddef.h>

#include "common/error.h"

enum { RING_SLOTS = 6, RING_STAGES = 3, RING_WORKERS = 2 };

/* Works on an item: 1, or -1 on failure with a line. The first stage fills it: 0 at the end. */
typedef int ring_step(void *opaque, unsigned worker, void *item, struct error *error);

struct ring_stage {
    ring_step *run;
    void *opaque;
    unsigned workers; /* threads; 1 for the first stage, and where the order of the work counts */
};

struct ring;

/* Starts the threads. The items [RING_SLOTS] and what the stages know are borrowed until ring_stop.
 * NULL on failure. */
struct ring *ring_start(void *const *items, const struct ring_stage *stages, size_t count,
                        struct error *error);

/* The next item that has passed all stages, in order, the caller's until ring_release: 1, or 0 at
 * the end, or -1 on failure. Items before a failure are handed out first. */
int ring_next(struct ring *ring, void **item, struct error *error);
void ring_release(struct ring *ring);

/* Cancels what is in flight and ends the threads. NULL is ignored. */
void ring_stop(struct ring *ring);

#endif
