/* SPDX-License-Identifier: Apache-2.0 */
/* The highest rate that holds a 99th percentile. */
#ifndef CLI_LOADTEST_SEARCH_H
#define CLI_LOADTEST_SEARCH_H

#include "loadtest/report/bench_result.h"

/* Begins with a closed loop, which cannot be outrun for long, halves the distance between the
 * highest rate that held and the lowest that did not, and confirms the end with a trial twice as
 * long. The result holds the attempts, and the stats of the confirming trial (or of the last one
 * if no rate held). */
bool search_rate(struct rollout *rollout, struct bench_result *result, struct error *error);

/* Whether an attempt held the limit: nothing failed, and of the calls that were due 99 in 100 were
 * answered in time. */
bool search_held(const struct trial_stats *stats, double limit);

#endif
