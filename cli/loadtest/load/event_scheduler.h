/* SPDX-License-Identifier: Apache-2.0 */
/* Schedules the events while calls run: swaps, loads, canary steps and unloads when they are due.
 */
#ifndef CLI_LOADTEST_LOAD_EVENT_SCHEDULER_H
#define CLI_LOADTEST_LOAD_EVENT_SCHEDULER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "loadtest/load/event_log.h"
#include "loadtest/load/rollout.h"

struct event_scheduler {
    struct rollout *rollout;
    struct event_log *logs; /* [EVENT_KINDS] */
    uint64_t origin;        /* of the trial's times, on the monotonic clock */
    uint64_t warm, end;     /* when events begin and end, from the origin */
    uint64_t block;         /* nanoseconds of a block; 0: none */
    _Atomic bool stop;
    pthread_t swap_thread, loader; /* loads take seconds, and swaps must not wait for them */
    bool swapping, loading;
    size_t step; /* of the canary's */
};

/* Starts the threads that the options ask for; the caller has filled in the struct. */
bool event_scheduler_start(struct event_scheduler *scheduler, struct error *error);

/* Ends them, and gives the canary's share back. */
void event_scheduler_stop(struct event_scheduler *scheduler);

/* When the next event of a kind is due, strictly after `after`: half a period after the beginning
 * (or the beginning of each block with events), then once a period. UINT64_MAX: never again. */
uint64_t event_scheduler_due(const struct event_scheduler *scheduler, double every, uint64_t after);

/* Blocks without and with events take turns as in ABBA, so that a steady drift cancels. */
static inline bool event_scheduler_block_has_events(uint64_t number) {
    return number % 4 == 1 || number % 4 == 2;
}

#endif
