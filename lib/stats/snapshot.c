/* SPDX-License-Identifier: Apache-2.0 */
/* Differences between snapshots. */
#include "stats/snapshot.h"

#include <stddef.h>

static void subtract(uint64_t *difference, const uint64_t *now, const uint64_t *before,
                     size_t count) {
    for (size_t i = 0; i < count; i++) difference[i] = now[i] - before[i];
}

static void histogram_since(mgi_histogram *difference, const mgi_histogram *now,
                            const mgi_histogram *before) {
    subtract(difference->bucket, now->bucket, before->bucket, MGI_HISTOGRAM_BUCKETS);
    difference->sum_nanoseconds = now->sum_nanoseconds - before->sum_nanoseconds;
}

void mgi_snapshot_since(mgi_snapshot *difference, const mgi_snapshot *now,
                        const mgi_snapshot *before) {
    difference->calls = now->calls - before->calls;
    subtract(difference->failed_by, now->failed_by, before->failed_by, MGI_SNAPSHOT_STATUSES);
    difference->rows_scored = now->rows_scored - before->rows_scored;
    difference->rows_bad = now->rows_bad - before->rows_bad;
    difference->rows_not_finite = now->rows_not_finite - before->rows_not_finite;
    difference->rows_truncated = now->rows_truncated - before->rows_truncated;
    difference->rows_unknown = now->rows_unknown - before->rows_unknown;
    difference->rows_unknown_differ = now->rows_unknown_differ - before->rows_unknown_differ;
    difference->rows_capped = now->rows_capped - before->rows_capped;
    difference->tokens = now->tokens - before->tokens;
    difference->batches = now->batches - before->batches;
    difference->busy_nanoseconds = now->busy_nanoseconds - before->busy_nanoseconds;
    histogram_since(&difference->call_time, &now->call_time, &before->call_time);
    histogram_since(&difference->wait_time, &now->wait_time, &before->wait_time);
    subtract(difference->similarity, now->similarity, before->similarity, MGI_DRIFT_BINS);
}

uint64_t mgi_snapshot_failed(const mgi_snapshot *snapshot) {
    uint64_t failed = 0;
    for (size_t i = 0; i < MGI_SNAPSHOT_STATUSES; i++) failed += snapshot->failed_by[i];
    return failed;
}
