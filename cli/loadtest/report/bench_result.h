/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a run of mgeo-bench: all that its reports are made of. */
#ifndef CLI_LOADTEST_REPORT_BENCH_RESULT_H
#define CLI_LOADTEST_REPORT_BENCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadtest/load/event_log.h"
#include "loadtest/load/rollout.h"
#include "loadtest/load/trial_stats.h"
#include "loadtest/options.h"

/* How busy the machine is, and how much memory this process has: a figure means little without. */
struct bench_result_machine {
    int cpus;          /* that this process may use */
    double load[3];    /* averages over 1, 5 and 15 minutes; NaN: unknown */
    uint64_t resident; /* bytes; 0: unknown */
};

/* One step of the search for a rate. */
struct bench_result_attempt {
    double rate;    /* asked for; 0: the closed loop that the search begins with */
    double reached; /* calls answered a second */
    double p99;     /* milliseconds */
    uint64_t failed, not_begun;
    bool held;
    bool confirming;
};

enum { BENCH_RESULT_ATTEMPTS = 24 };

struct bench_result {
    const struct options *options; /* borrowed, as the next three */
    const struct rollout *rollout; /* open */
    const struct pair_set *pairs;
    struct event_log logs[EVENT_KINDS]; /* of the last trial */
    struct trial_stats stats;           /* of the last trial */
    struct bench_result_machine before, after;
    struct bench_result_attempt attempts[BENCH_RESULT_ATTEMPTS];
    size_t attempt_count;
    double found; /* the rate that was found; NaN: none, or not asked for */
};

/* Whether every call was answered, as it should be, and every event went as asked. */
bool bench_result_is_good(const struct bench_result *result);

void bench_result_read_machine(struct bench_result_machine *machine);

#endif
