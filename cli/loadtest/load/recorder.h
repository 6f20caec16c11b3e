/* SPDX-License-Identifier: Apache-2.0 */
/* What one caller thread notes down about its calls: memory of its own, fixed before the first
 * call, no locks. */
#ifndef CLI_LOADTEST_LOAD_RECORDER_H
#define CLI_LOADTEST_LOAD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadtest/load/event_log.h"
#include "loadtest/load/latency.h"

enum {
    RECORDER_STATUSES = 16,
    RECORDER_GENERATIONS = 4096, /* counted one by one; later ones share the last place */
    RECORDER_RECENT = 1 << 16    /* calls that wait until the events around them are known */
};

/* How a trial is cut up; the same for all its callers. */
struct recorder_grid {
    uint64_t warm;     /* nanoseconds: when measuring begins */
    uint64_t end;      /* when the last call may begin */
    uint64_t bin;      /* of the timeline */
    size_t bins;       /* bins from warm to end */
    uint64_t tick;     /* of the marks that show gaps */
    size_t ticks;      /* the last one also holds what came later */
    uint64_t around;   /* before and after an event */
    unsigned watching; /* bit 1 << event_kind: calls due around these events are counted apart */
    const struct event_log *logs; /* [EVENT_KINDS] */
};

/* Chooses bins and ticks for a trial; bins divide `block` nanoseconds if it is not 0. */
void recorder_grid_divide(struct recorder_grid *grid, uint64_t block);

struct recorder_span {
    uint64_t due, ended;
};

struct recorder {
    const struct recorder_grid *grid;
    struct latency all;     /* from when the call was due */
    struct latency service; /* from when it was made */
    struct latency late;    /* how much later it was made than due */
    struct latency inside[EVENT_KINDS], outside[EVENT_KINDS];
    struct latency *timeline; /* [bins], by when the call was due */
    unsigned char *marks;     /* [ticks / 8 + 1] a bit: an answer came in that tick */
    uint64_t *generations;    /* [RECORDER_GENERATIONS] calls answered */
    uint64_t failures[RECORDER_STATUSES];
    uint64_t failed, pairs, bad_rows, tokens;
    char reason[512]; /* of the first failure */
    struct recorder_span *recent;
    uint32_t oldest, newest;        /* count up; the place is the number modulo RECORDER_RECENT */
    uint32_t position[EVENT_KINDS]; /* the first event that may still matter */
};

/* One call, in nanoseconds from the beginning of the trial. */
struct recorder_call {
    uint64_t due, begun, ended;
    uint64_t generation, tokens;
    uint32_t pairs, bad_rows;
};

void recorder_init(struct recorder *recorder, const struct recorder_grid *grid);
void recorder_finish(struct recorder *recorder);

void recorder_answered(struct recorder *recorder, const struct recorder_call *call);
void recorder_failed(struct recorder *recorder, int32_t status, const char *reason);

/* After the last call: all events are known now. */
void recorder_settle(struct recorder *recorder);

#endif
