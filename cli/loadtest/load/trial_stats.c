/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over callers, the longest gap between answers, blocks against blocks. */
#include "loadtest/load/trial_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "loadtest/load/event_scheduler.h"

void trial_stats_init(struct trial_stats *stats, const struct recorder_grid *grid) {
    memset(stats, 0, sizeof *stats);
    stats->grid = *grid;
    stats->timeline = memory_zeroed(grid->bins, sizeof *stats->timeline);
    stats->generations = memory_zeroed(RECORDER_GENERATIONS, sizeof *stats->generations);
    stats->marks = memory_zeroed(grid->ticks / 8 + 1, 1);
    stats->comparison.median = stats->comparison.low = stats->comparison.high = NAN;
}

void trial_stats_finish(struct trial_stats *stats) {
    free(stats->timeline);
    free(stats->generations);
    free(stats->marks);
    free(stats->comparison.ratios);
    memset(stats, 0, sizeof *stats);
}

static void add_latencies(struct trial_stats *stats, const struct recorder *recorder) {
    latency_merge(&stats->all, &recorder->all);
    latency_merge(&stats->service, &recorder->service);
    latency_merge(&stats->late, &recorder->late);
    for (int i = 0; i < EVENT_KINDS; i++) {
        latency_merge(&stats->around[i].inside, &recorder->inside[i]);
        latency_merge(&stats->around[i].outside, &recorder->outside[i]);
    }
    for (size_t i = 0; i < stats->grid.bins; i++) {
        latency_merge(&stats->timeline[i], &recorder->timeline[i]);
    }
    for (size_t i = 0; i < stats->grid.ticks / 8 + 1; i++) stats->marks[i] |= recorder->marks[i];
}

void trial_stats_add(struct trial_stats *stats, const struct recorder *recorder,
                     const struct trial_stats_verdicts *verdicts) {
    add_latencies(stats, recorder);
    for (int i = 0; i < RECORDER_GENERATIONS; i++) {
        stats->generations[i] += recorder->generations[i];
    }
    for (int i = 0; i < RECORDER_STATUSES; i++) stats->failures[i] += recorder->failures[i];
    if (stats->failed == 0) memcpy(stats->reason, recorder->reason, sizeof stats->reason);
    stats->failed += recorder->failed;
    stats->calls += recorder->all.count + recorder->failed;
    stats->pairs += recorder->pairs;
    stats->bad_rows += recorder->bad_rows;
    stats->tokens += recorder->tokens;
    stats->verdicts.calls += verdicts->calls;
    stats->verdicts.wrong += verdicts->wrong;
    stats->verdicts.mixed += verdicts->mixed;
}

/* Counted in ticks from one that saw an answer to the next that did, less the one they share. */
static double longest_gap(const struct trial_stats *stats, double seconds) {
    const struct recorder_grid *grid = &stats->grid;
    size_t measured = (size_t)(seconds * 1e9 / (double)grid->tick), last = 0, longest = 0;
    if (measured > grid->ticks - 1) measured = grid->ticks - 1; /* the last one is no time */
    for (size_t i = 0; i < measured; i++) {
        if ((stats->marks[i / 8] >> i % 8 & 1) == 0) continue;
        if (i - last > longest) longest = i - last;
        last = i;
    }
    if (measured - last > longest) longest = measured - last;
    return (double)longest * (double)grid->tick * 1e-9;
}

static void sum_block(const struct trial_stats *stats, uint64_t block, uint64_t number,
                      struct latency *sum) {
    size_t bins = (size_t)(block / stats->grid.bin);
    memset(sum, 0, sizeof *sum);
    for (size_t i = 0; i < bins; i++) latency_merge(sum, &stats->timeline[number * bins + i]);
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* Blocks 2i and 2i + 1 are one with events and one without. */
static void compare_pair(struct trial_stats *stats, uint64_t block, uint64_t pair) {
    struct trial_stats_comparison *comparison = &stats->comparison;
    static const double P99 = 0.99;
    struct latency *sums = memory_resize(NULL, 2, sizeof *sums);
    int with = event_scheduler_block_has_events(2 * pair) ? 0 : 1;
    for (int i = 0; i < 2; i++) sum_block(stats, block, 2 * pair + (uint64_t)i, &sums[i]);
    latency_merge(&comparison->with, &sums[with]);
    latency_merge(&comparison->without, &sums[1 - with]);
    double ratio = trial_stats_ratio(latency_quantile(&sums[with], P99),
                                     latency_quantile(&sums[1 - with], P99));
    if (!isnan(ratio)) comparison->ratios[comparison->pairs++] = ratio;
    free(sums);
}

/* The median's order-statistics interval: needs no assumption about how ratios are spread. */
static void find_median(struct trial_stats_comparison *comparison) {
    uint32_t count = comparison->pairs;
    const double *sorted = comparison->ratios;
    double below = floor((count - 1.96 * sqrt(count)) / 2);
    uint32_t low = below > 0 ? (uint32_t)below : 0;
    comparison->median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    comparison->low = sorted[low];
    comparison->high = sorted[count - 1 - low];
}

static void compare_blocks(struct trial_stats *stats, uint64_t block) {
    struct trial_stats_comparison *comparison = &stats->comparison;
    uint64_t pairs = (uint64_t)(stats->seconds * 1e9) / (2 * block);
    comparison->ratios = memory_resize(NULL, (size_t)pairs, sizeof *comparison->ratios);
    for (uint64_t i = 0; i < pairs; i++) compare_pair(stats, block, i);
    if (comparison->pairs == 0) return;
    qsort(comparison->ratios, comparison->pairs, sizeof *comparison->ratios, ascending);
    find_median(comparison);
}

void trial_stats_close(struct trial_stats *stats, double seconds, uint64_t block) {
    stats->seconds = seconds;
    stats->gap = longest_gap(stats, seconds);
    if (block > 0) compare_blocks(stats, block);
}

double trial_stats_call_rate(const struct trial_stats *stats) {
    return stats->seconds > 0 ? (double)stats->all.count / stats->seconds : 0;
}

double trial_stats_pair_rate(const struct trial_stats *stats) {
    return stats->seconds > 0 ? (double)stats->pairs / stats->seconds : 0;
}

double trial_stats_ratio(double a, double b) { return b > 0 ? a / b : NAN; }
