/* SPDX-License-Identifier: Apache-2.0 */
/* What a trial came to: the callers' notes put together. */
#ifndef CLI_LOADTEST_LOAD_TRIAL_STATS_H
#define CLI_LOADTEST_LOAD_TRIAL_STATS_H

#include <stdint.h>

#include "loadtest/load/event_log.h"
#include "loadtest/load/latency.h"
#include "loadtest/load/recorder.h"

struct trial_stats_verdicts {
    uint64_t calls, wrong, mixed;
};

/* Calls around one kind of event, and the others. */
struct trial_stats_around {
    struct latency inside, outside;
};

/* Blocks with events against blocks without. Ratios are of neighbouring blocks. */
struct trial_stats_comparison {
    struct latency with, without;
    uint32_t pairs;   /* of blocks */
    double *ratios;   /* [pairs] of the 99th percentiles, sorted; owned */
    double median;    /* NaN without pairs, as the next two */
    double low, high; /* between which the median lies with 95% confidence, were the machine's noise
                         the only cause of differences among the ratios */
};

struct trial_stats {
    struct recorder_grid grid;
    double rate;    /* asked for; 0: a closed loop */
    double seconds; /* measured ones, from the end of the warm-up */
    uint64_t calls; /* answered or failed */
    uint64_t failed, pairs, bad_rows, tokens;
    uint64_t not_begun; /* due, but never made, because all callers were still waiting */
    uint64_t failures[RECORDER_STATUSES];
    char reason[512]; /* of a failure */
    struct latency all, service, late;
    struct trial_stats_around around[EVENT_KINDS];
    struct latency *timeline; /* [grid.bins]; owned */
    uint64_t *generations;    /* [RECORDER_GENERATIONS] calls; owned */
    unsigned char *marks;     /* [grid.ticks / 8 + 1]; owned */
    struct trial_stats_verdicts verdicts;
    struct trial_stats_comparison comparison;
    double gap;           /* seconds: the longest time without an answer */
    double cutover_stall; /* seconds: the longest that a call lost by meeting a turn */
};

void trial_stats_init(struct trial_stats *stats, const struct recorder_grid *grid);
void trial_stats_finish(struct trial_stats *stats);

/* Adds one caller's notes, which are settled. */
void trial_stats_add(struct trial_stats *stats, const struct recorder *recorder,
                     const struct trial_stats_verdicts *verdicts);

/* After the last caller: gaps, and with `block` nanoseconds the blocks. `seconds` were measured. */
void trial_stats_close(struct trial_stats *stats, double seconds, uint64_t block);

double trial_stats_call_rate(const struct trial_stats *stats); /* calls answered a second */
double trial_stats_pair_rate(const struct trial_stats *stats);

/* a / b; NaN where either is missing. */
double trial_stats_ratio(double a, double b);

#endif
