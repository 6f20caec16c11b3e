/* SPDX-License-Identifier: Apache-2.0 */
/* What a runner has counted, as copies. */
#define _GNU_SOURCE
#include "run/state.h"

static uint64_t failed_with(const mgi_counters *counters, unsigned status) {
    return mgi_counters_sum(counters, (mgi_counter)(MGI_COUNT_FAILED_BY + status));
}

/* Failures are counted after calls and read before them, so that they hardly ever exceed them. */
void mgi_runner_snapshot(const mgi_runner *runner, mgi_snapshot *snapshot) {
    const mgi_counters *counters = runner->counters;
    for (unsigned i = 0; i < MGI_SNAPSHOT_STATUSES; i++) {
        snapshot->failed_by[i] = failed_with(counters, i);
    }
    mgi_counters_histogram(counters, MGI_TIME_CALLS, &snapshot->call_time);
    mgi_counters_histogram(counters, MGI_TIME_WAITS, &snapshot->wait_time);
    mgi_counters_similarities(counters, snapshot->similarity);
    snapshot->calls = mgi_histogram_count(&snapshot->call_time);
    snapshot->rows_scored = mgi_counters_sum(counters, MGI_COUNT_ROWS_SCORED);
    snapshot->rows_bad = mgi_counters_sum(counters, MGI_COUNT_ROWS_BAD);
    snapshot->rows_not_finite = mgi_counters_sum(counters, MGI_COUNT_ROWS_NOT_FINITE);
    snapshot->rows_truncated = mgi_counters_sum(counters, MGI_COUNT_ROWS_TRUNCATED);
    snapshot->rows_unknown = mgi_counters_sum(counters, MGI_COUNT_ROWS_UNKNOWN);
    snapshot->rows_unknown_differ = mgi_counters_sum(counters, MGI_COUNT_ROWS_UNKNOWN_DIFFER);
    snapshot->rows_capped = mgi_counters_sum(counters, MGI_COUNT_ROWS_CAPPED);
    snapshot->tokens = mgi_counters_sum(counters, MGI_COUNT_TOKENS);
    snapshot->batches = mgi_counters_sum(counters, MGI_COUNT_BATCHES);
    snapshot->busy_nanoseconds = mgi_counters_sum(counters, MGI_COUNT_BUSY_NANOSECONDS);
}

/* ---- mgeo_stats ------------------------------------------------------------------------------ */

static void fill_gauges(mgi_runner *runner, mgeo_stats *stats) {
    mgi_lock_acquire(&runner->mutex);
    stats->queued_rows = runner->queue.waiting_rows;
    stats->calls_in_flight = runner->calls;
    mgi_lock_release(&runner->mutex);
}

static void fill_call_stats(mgeo_stats *stats, const mgi_snapshot *snapshot) {
    const mgi_histogram *times = &snapshot->call_time;
    stats->calls = snapshot->calls;
    stats->failed_calls = mgi_snapshot_failed(snapshot);
    for (unsigned i = 0; i < MGI_SNAPSHOT_STATUSES; i++) {
        stats->failed_by[i] = snapshot->failed_by[i];
    }
    stats->call_seconds = 1e-9 * (double)times->sum_nanoseconds;
    stats->call_p50 = mgi_histogram_quantile(times, 0.50);
    stats->call_p95 = mgi_histogram_quantile(times, 0.95);
    stats->call_p99 = mgi_histogram_quantile(times, 0.99);
}

static void fill_row_stats(mgeo_stats *stats, const mgi_snapshot *snapshot) {
    stats->pairs = snapshot->rows_scored;
    stats->bad_rows = snapshot->rows_bad;
    stats->not_finite_rows = snapshot->rows_not_finite;
    stats->truncated_rows = snapshot->rows_truncated;
    stats->unknown_rows = snapshot->rows_unknown;
    stats->unknown_differ_rows = snapshot->rows_unknown_differ;
    stats->capped_rows = snapshot->rows_capped;
    stats->tokens = snapshot->tokens;
    stats->wait_p50 = mgi_histogram_quantile(&snapshot->wait_time, 0.50);
    stats->wait_p99 = mgi_histogram_quantile(&snapshot->wait_time, 0.99);
}

static void fill_batch_stats(mgeo_stats *stats, const mgi_runner *runner,
                             const mgi_snapshot *snapshot) {
    const mgi_counters *counters = runner->counters;
    double tokens = (double)mgi_counters_sum(counters, MGI_COUNT_BATCH_TOKENS);
    double budget = (double)snapshot->batches * runner->batch_tokens;
    double fill = snapshot->batches > 0 ? tokens / budget : 0;
    stats->batches = snapshot->batches;
    stats->batch_fill = fill < 1 ? fill : 1; /* tokens are read after batches */
    stats->batch_rows_max = mgi_counters_max(counters, MGI_COUNT_BATCH_ROWS_MAX);
    stats->busy_seconds = 1e-9 * (double)snapshot->busy_nanoseconds;
}

void mgi_runner_stats(mgi_runner *runner, mgeo_stats *stats) {
    mgi_snapshot snapshot;
    mgi_runner_snapshot(runner, &snapshot);
    fill_call_stats(stats, &snapshot);
    stats->call_seconds_max =
        1e-9 * (double)mgi_counters_max(runner->counters, MGI_COUNT_CALL_NANOSECONDS_MAX);
    fill_row_stats(stats, &snapshot);
    fill_batch_stats(stats, runner, &snapshot);
    fill_gauges(runner, stats);
}
