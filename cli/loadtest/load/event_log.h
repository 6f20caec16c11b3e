/* SPDX-License-Identifier: Apache-2.0 */
/* What was done to the models while calls ran: one list for each kind of event, written by one
 * thread and read by the callers without a lock. */
#ifndef CLI_LOADTEST_LOAD_EVENT_LOG_H
#define CLI_LOADTEST_LOAD_EVENT_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum event_kind { EVENT_SWAP, EVENT_LOAD, EVENT_CANARY, EVENT_UNLOAD };

enum { EVENT_KINDS = EVENT_UNLOAD + 1, EVENT_LOG_LIMIT = 1 << 15 };

/* Times are nanoseconds from the beginning of the trial. */
struct event {
    uint64_t begun;
    _Atomic uint64_t ended; /* 0: still going on */
    int32_t status;         /* an mgeo_status; this and what follows: once it has ended */
    uint32_t share;         /* that a canary was set to */
    uint64_t generation;    /* live after a swap; made by a load */
    double stall;           /* seconds that a call lost by meeting the turn, so far */
};

struct event_log {
    struct event *events; /* [EVENT_LOG_LIMIT] */
    _Atomic uint32_t count;
    uint64_t dropped;  /* events that had no place left in the list */
    uint64_t failed;   /* errors other than those below */
    uint64_t skipped;  /* busy, or no model to act on */
    uint64_t refused;  /* by a gate */
    char reason[512];  /* of the first failure */
    char refusal[512]; /* of the first refusal */
};

void event_log_init(struct event_log *log);
void event_log_finish(struct event_log *log);
void event_log_clear(struct event_log *log);

/* The writer's: begins an event. NULL if the list is full, which event_log_end takes. */
struct event *event_log_begin(struct event_log *log, uint64_t now);
void event_log_end(struct event_log *log, struct event *event, uint64_t now, int32_t status,
                   const char *reason);

/* Events that did what was asked. */
uint64_t event_log_done(const struct event_log *log);

/* "swap", "load" … */
const char *event_log_kind_name(enum event_kind kind);

#endif
