/* SPDX-License-Identifier: Apache-2.0 */
/* What a runner has counted, as copies. */
#define _GNU_SOURCE
#include "run/state.h"

static uint64_t failed_with(const mgi_counters *counters, unsigned status) {
    return mgi_counters_sum(counters, (mgi_counter)(MGI_COUNT_FAILED_BY + status));
}

/* Failures are read before calls, so that they are seldom seen to be more. */
void mgi_runner_snapshot(const mgi_runner *runner, mgi_snapshot *observed) {
    const mgi_counters *counters = runner->counters;
    for (unsigned i = 0; i < MGI_SNAPSHOT_STATUSES; i++) {
        observed->failed_by[i] = failed_with(counters, i);
    }
    mgi_counters_histogram(counters, MGI_TIME_CALLS, &observed->call_time);
    mgi_counters_histogram(counters, MGI_TIME_WAITS, &observed->wait_time);
    mgi_counters_similarities(counters, observed->similarity);
    observed->calls = mgi_histogram_count(&observed->call_time);
    observed->rows_scored = mgi_counters_sum(counters, MGI_COUNT_ROWS_SCORED);
    observed->rows_bad = mgi_counters_sum(counters, MGI_COUNT_ROWS_BAD);
    observed->rows_not_finite = mgi_counters_sum(counters, MGI_COUNT_ROWS_NOT_FINITE);
    observed->rows_truncated = mgi_counters_sum(counters, MGI_COUNT_ROWS_TRUNCATED);
    observed->tokens = mgi_counters_sum(counters, MGI_COUNT_TOKENS);
    observed->batches = mgi_counters_sum(counters, MGI_COUNT_BATCHES);
    observed->busy_nanoseconds = mgi_counters_sum(counters, MGI_COUNT_BUSY_NANOSECONDS);
}

/* ---- mgeo_stats ------------------------------------------------------------------------------ */

static void fill_gauges(mgi_runner *runner, mgeo_stats *stats) {
    mgi_lock_acquire(&runner->mutex);
    stats->queued_rows = runner->queue.waiting_rows;
    stats->calls_in_flight = runner->calls;
    mgi_lock_release(&runner->mutex);
}

static void fill_call_stats(mgeo_stats *stats, const mgi_snapshot *observed) {
    const mgi_histogram *times = &observed->call_time;
    stats->calls = observed->calls;
    stats->failed_calls = mgi_snapshot_failed(observed);
    for (unsigned i = 0; i < MGI_SNAPSHOT_STATUSES; i++) {
        stats->failed_by[i] = observed->failed_by[i];
    }
    stats->call_seconds = 1e-9 * (double)times->sum_nanoseconds;
    stats->call_p50 = mgi_histogram_quantile(times, 0.50);
    stats->call_p95 = mgi_histogram_quantile(times, 0.95);
    stats->call_p99 = mgi_histogram_quantile(times, 0.99);
}

static void fill_row_stats(mgeo_stats *stats, const mgi_snapshot *observed) {
    stats->pairs = observed->rows_scored;
    stats->bad_rows = observed->rows_bad;
    stats->not_finite_rows = observed->rows_not_finite;
    stats->truncated_rows = observed->rows_truncated;
    stats->tokens = observed->tokens;
    stats->wait_p50 = mgi_histogram_quantile(&observed->wait_time, 0.50);
    stats->wait_p99 = mgi_histogram_quantile(&observed->wait_time, 0.99);
}

static void fill_batch_stats(mgeo_stats *stats, const mgi_runner *runner,
                             const mgi_snapshot *observed) {
    const mgi_counters *counters = runner->counters;
    double tokens = (double)mgi_counters_sum(counters, MGI_COUNT_BATCH_TOKENS);
    double budget = (double)observed->batches * runner->batch_tokens;
    double fill = observed->batches > 0 ? tokens / budget : 0;
    stats->batches = observed->batches;
    stats->batch_fill = fill < 1 ? fill : 1; /* a batch may have been counted in between */
    stats->batch_rows_max = mgi_counters_max(counters, MGI_COUNT_BATCH_ROWS_MAX);
    stats->busy_seconds = 1e-9 * (double)observed->busy_nanoseconds;
}

void mgi_runner_stats(const mgi_runner *runner, mgeo_stats *stats) {
    mgi_snapshot observed;
    mgi_runner_snapshot(runner, &observed);
    fill_call_stats(stats, &observed);
    stats->call_seconds_max =
        1e-9 * (double)mgi_counters_max(runner->counters, MGI_COUNT_CALL_NANOSECONDS_MAX);
    fill_row_stats(stats, &observed);
    fill_batch_stats(stats, runner, &observed);
    fill_gauges((mgi_runner *)(uintptr_t)runner, stats);
}
