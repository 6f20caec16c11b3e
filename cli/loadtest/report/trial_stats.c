/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over callers, the longest gap between answers, blocks against blocks. */
#include "loadtest/report/trial_stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "loadtest/load/event_scheduler.h"

static void *cleared(size_t count, size_t size) {
    void *block = must_resize(NULL, count, size);
    memset(block, 0, count * size);
    return block;
}

void figures_init(struct figures *figures, const struct grid *grid) {
    memset(figures, 0, sizeof *figures);
    figures->grid = *grid;
    figures->timeline = cleared(grid->bins, sizeof *figures->timeline);
    figures->generations = cleared(RECORDER_GENERATIONS, sizeof *figures->generations);
    figures->marks = cleared(grid->ticks / 8 + 1, 1);
    figures->comparison.median = figures->comparison.low = figures->comparison.high = NAN;
}

void figures_finish(struct figures *figures) {
    free(figures->timeline);
    free(figures->generations);
    free(figures->marks);
    free(figures->comparison.ratios);
    memset(figures, 0, sizeof *figures);
}

static void add_latencies(struct figures *figures, const struct recorder *recorder) {
    latency_merge(&figures->all, &recorder->all);
    latency_merge(&figures->service, &recorder->service);
    latency_merge(&figures->late, &recorder->late);
    for (int i = 0; i < EVENT_KINDS; i++) {
        latency_merge(&figures->around[i].inside, &recorder->inside[i]);
        latency_merge(&figures->around[i].outside, &recorder->outside[i]);
    }
    for (size_t i = 0; i < figures->grid.bins; i++)
        latency_merge(&figures->timeline[i], &recorder->timeline[i]);
    for (size_t i = 0; i < figures->grid.ticks / 8 + 1; i++)
        figures->marks[i] |= recorder->marks[i];
}

void figures_add(struct figures *figures, const struct recorder *recorder,
                 const struct verdicts *verdicts) {
    add_latencies(figures, recorder);
    for (int i = 0; i < RECORDER_GENERATIONS; i++)
        figures->generations[i] += recorder->generations[i];
    for (int i = 0; i < RECORDER_STATUSES; i++) figures->failures[i] += recorder->failures[i];
    if (figures->failed == 0) memcpy(figures->reason, recorder->reason, sizeof figures->reason);
    figures->failed += recorder->failed;
    figures->calls += recorder->all.count + recorder->failed;
    figures->pairs += recorder->pairs;
    figures->bad_rows += recorder->bad_rows;
    figures->tokens += recorder->tokens;
    figures->verdicts.calls += verdicts->calls;
    figures->verdicts.wrong += verdicts->wrong;
    figures->verdicts.mixed += verdicts->mixed;
}

/* Counted in ticks from one that saw an answer to the next that did, less the one they share. */
static double longest_gap(const struct figures *figures, double seconds) {
    const struct grid *grid = &figures->grid;
    size_t measured = (size_t)(seconds * 1e9 / (double)grid->tick), last = 0, longest = 0;
    if (measured > grid->ticks - 1) measured = grid->ticks - 1; /* the last one is no time */
    for (size_t i = 0; i < measured; i++) {
        if ((figures->marks[i / 8] >> i % 8 & 1) == 0) continue;
        if (i - last > longest) longest = i - last;
        last = i;
    }
    if (measured - last > longest) longest = measured - last;
    return (double)longest * (double)grid->tick * 1e-9;
}

static void sum_block(const struct figures *figures, uint64_t block, uint64_t number,
                      struct latency *sum) {
    size_t bins = (size_t)(block / figures->grid.bin);
    memset(sum, 0, sizeof *sum);
    for (size_t i = 0; i < bins; i++) latency_merge(sum, &figures->timeline[number * bins + i]);
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* Blocks 2i and 2i + 1 are one with events and one without. */
static void compare_pair(struct figures *figures, uint64_t block, uint64_t pair) {
    struct comparison *comparison = &figures->comparison;
    static const double P99 = 0.99;
    struct latency *sums = must_resize(NULL, 2, sizeof *sums);
    int with = block_has_events(2 * pair) ? 0 : 1;
    for (int i = 0; i < 2; i++) sum_block(figures, block, 2 * pair + (uint64_t)i, &sums[i]);
    latency_merge(&comparison->with, &sums[with]);
    latency_merge(&comparison->without, &sums[1 - with]);
    double ratio =
        figures_ratio(latency_quantile(&sums[with], P99), latency_quantile(&sums[1 - with], P99));
    if (!isnan(ratio)) comparison->ratios[comparison->pairs++] = ratio;
    free(sums);
}

/* The median's order-statistics interval: needs no assumption about how ratios are spread. */
static void find_median(struct comparison *comparison) {
    uint32_t count = comparison->pairs;
    const double *sorted = comparison->ratios;
    double below = floor((count - 1.96 * sqrt(count)) / 2);
    uint32_t low = below > 0 ? (uint32_t)below : 0;
    comparison->median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    comparison->low = sorted[low];
    comparison->high = sorted[count - 1 - low];
}

static void compare_blocks(struct figures *figures, uint64_t block) {
    struct comparison *comparison = &figures->comparison;
    uint64_t pairs = (uint64_t)(figures->seconds * 1e9) / (2 * block);
    comparison->ratios = must_resize(NULL, (size_t)pairs, sizeof *comparison->ratios);
    for (uint64_t i = 0; i < pairs; i++) compare_pair(figures, block, i);
    if (comparison->pairs == 0) return;
    qsort(comparison->ratios, comparison->pairs, sizeof *comparison->ratios, ascending);
    find_median(comparison);
}

void figures_close(struct figures *figures, double seconds, uint64_t block) {
    figures->seconds = seconds;
    figures->gap = longest_gap(figures, seconds);
    if (block > 0) compare_blocks(figures, block);
}

double figures_call_rate(const struct figures *figures) {
    return figures->seconds > 0 ? (double)figures->all.count / figures->seconds : 0;
}

double figures_pair_rate(const struct figures *figures) {
    return figures->seconds > 0 ? (double)figures->pairs / figures->seconds : 0;
}

double figures_ratio(double a, double b) { return b > 0 ? a / b : NAN; }
