/* SPDX-License-Identifier: Apache-2.0 */
/* What was done to the models while calls ran: one list for each kind of event, written by one
 * thread and read by the callers without a lock. */
#ifndef CLI_LOADTEST_LOAD_EVENT_LOG_H
#define CLI_LOADTEST_LOAD_EVENT_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum event_kind { EVENT_SWAP, EVENT_LOAD, EVENT_CANARY, EVENT_UNLOAD };

enum { EVENT_KINDS = EVENT_UNLOAD + 1, EVENT_LIMIT = 1 << 15 };

/* Times are nanoseconds from the beginning of the trial. */
struct event {
    uint64_t begun;
    _Atomic uint64_t ended; /* 0: still going on */
    int32_t status;         /* an mgeo_status; this and what follows: once it has ended */
    uint32_t share;         /* that a canary was set to */
    uint64_t generation;    /* live after a swap; made by a load */
    double stall;           /* seconds that a call lost by meeting the turn, so far */
};

struct eventlog {
    struct event *events; /* [EVENT_LIMIT] */
    _Atomic uint32_t count;
    uint64_t dropped;  /* events that had no place left in the list */
    uint64_t failed;   /* errors other than those below */
    uint64_t skipped;  /* busy, or no model to act on */
    uint64_t refused;  /* by a gate */
    char reason[512];  /* of the first failure */
    char refusal[512]; /* of the first refusal */
};

void eventlog_init(struct eventlog *log);
void eventlog_finish(struct eventlog *log);
void eventlog_clear(struct eventlog *log);

/* The writer's: begins an event. NULL if the list is full, which eventlog_end takes. */
struct event *eventlog_begin(struct eventlog *log, uint64_t now);
void eventlog_end(struct eventlog *log, struct event *event, uint64_t now, int32_t status,
                  const char *reason);

/* Events that did what was asked. */
uint64_t eventlog_done(const struct eventlog *log);

/* "swap", "load" … */
const char *event_name(enum event_kind kind);

#endif
