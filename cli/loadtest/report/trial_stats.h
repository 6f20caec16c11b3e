/* SPDX-License-Identifier: Apache-2.0 */
/* What a trial came to: the callers' notes put together. */
#ifndef CLI_LOADTEST_REPORT_TRIAL_STATS_H
#define CLI_LOADTEST_REPORT_TRIAL_STATS_H

#include <stdint.h>

#include "loadtest/load/event_log.h"
#include "loadtest/load/latency.h"
#include "loadtest/load/recorder.h"

struct verdicts {
    uint64_t calls, wrong, mixed;
};

/* Calls around one kind of event, and the others. */
struct around {
    struct latency inside, outside;
};

/* Blocks with events against blocks without. Ratios are of neighbouring blocks. */
struct comparison {
    struct latency with, without;
    uint32_t pairs;   /* of blocks */
    double *ratios;   /* [pairs] of the 99th percentiles, sorted; owned */
    double median;    /* NaN without pairs, as the next two */
    double low, high; /* between which the median lies with 95% confidence, were the machine's noise
                         the only cause of differences among the ratios */
};

struct figures {
    struct grid grid;
    double rate;    /* asked for; 0: a closed loop */
    double seconds; /* measured ones, from the end of the warm-up */
    uint64_t calls; /* answered or failed */
    uint64_t failed, pairs, bad_rows, tokens;
    uint64_t not_begun; /* due, but never made, because all callers were still waiting */
    uint64_t failures[RECORDER_STATUSES];
    char reason[512]; /* of a failure */
    struct latency all, service, late;
    struct around around[EVENT_KINDS];
    struct latency *timeline; /* [grid.bins]; owned */
    uint64_t *generations;    /* [RECORDER_GENERATIONS] calls; owned */
    unsigned char *marks;     /* [grid.ticks / 8 + 1]; owned */
    struct verdicts verdicts;
    struct comparison comparison;
    double gap;        /* seconds: the longest time without an answer */
    double turn_stall; /* seconds: the longest that a call lost by meeting a turn */
};

void figures_init(struct figures *figures, const struct grid *grid);
void figures_finish(struct figures *figures);

/* Adds one caller's notes, which are settled. */
void figures_add(struct figures *figures, const struct recorder *recorder,
                 const struct verdicts *verdicts);

/* After the last caller: gaps, and with `block` nanoseconds the blocks. `seconds` were measured. */
void figures_close(struct figures *figures, double seconds, uint64_t block);

double figures_call_rate(const struct figures *figures); /* calls answered a second */
double figures_pair_rate(const struct figures *figures);

/* a / b; NaN where either is missing. */
double figures_ratio(double a, double b);

#endif
