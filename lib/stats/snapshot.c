/* SPDX-License-Identifier: Apache-2.0 */
/* Differences between copies, and how far two distributions of similarities lie apart. */
#include "stats/snapshot.h"

#include <math.h>
#include <stdbool.h>
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
    difference->tokens = now->tokens - before->tokens;
    difference->batches = now->batches - before->batches;
    difference->busy_nanoseconds = now->busy_nanoseconds - before->busy_nanoseconds;
    histogram_since(&difference->call_time, &now->call_time, &before->call_time);
    histogram_since(&difference->wait_time, &now->wait_time, &before->wait_time);
    subtract(difference->similarity, now->similarity, before->similarity, MGI_DRIFT_BINS);
}

uint64_t mgi_snapshot_failed(const mgi_snapshot *observed) {
    uint64_t failed = 0;
    for (size_t i = 0; i < MGI_SNAPSHOT_STATUSES; i++) failed += observed->failed_by[i];
    return failed;
}

unsigned mgi_drift_bin(float similarity) {
    if (!(similarity > 0)) return 0;
    if (similarity >= 1) return MGI_DRIFT_BINS - 1;
    unsigned bin = (unsigned)(similarity * (float)MGI_DRIFT_BINS);
    return bin < MGI_DRIFT_BINS ? bin : MGI_DRIFT_BINS - 1;
}

/* ---- stability index ------------------------------------------------------------------------- */

/* Rows of both sides in bins that are joined. */
typedef struct joined_bins {
    uint64_t expected[MGI_DRIFT_BINS];
    uint64_t actual[MGI_DRIFT_BINS];
    unsigned count;
    double expected_rows, actual_rows; /* of all bins */
} joined_bins;

/* The part of both sides' rows, weighed alike, that these are. */
static double joined_share(const joined_bins *joint, uint64_t expected, uint64_t actual) {
    return ((double)expected / joint->expected_rows + (double)actual / joint->actual_rows) / 2;
}

/* A bin that is large by itself is not joined to small ones before it: where nearly all rows lie in
 * one bin, what moves out of it must still be seen. */
static void join_bins(joined_bins *joint, const uint64_t *expected, const uint64_t *actual) {
    const double enough = 0.1;
    bool open = false;
    for (unsigned i = 0; i < MGI_DRIFT_BINS; i++) {
        if (expected[i] == 0 && actual[i] == 0) continue;
        bool large = joined_share(joint, expected[i], actual[i]) >= enough;
        if (!open || large) joint->count++;
        unsigned last = joint->count - 1;
        joint->expected[last] += expected[i];
        joint->actual[last] += actual[i];
        open = joined_share(joint, joint->expected[last], joint->actual[last]) < enough;
    }
}

double mgi_drift_index(const uint64_t *expected, const uint64_t *actual) {
    joined_bins joint = {.count = 0};
    for (unsigned i = 0; i < MGI_DRIFT_BINS; i++) {
        joint.expected_rows += (double)expected[i];
        joint.actual_rows += (double)actual[i];
    }
    if (joint.expected_rows == 0 || joint.actual_rows == 0) return NAN;
    join_bins(&joint, expected, actual);
    double index = 0;
    for (unsigned i = 0; i < joint.count; i++) {
        double halves = 0.5 * joint.count;
        double e = ((double)joint.expected[i] + 0.5) / (joint.expected_rows + halves);
        double a = ((double)joint.actual[i] + 0.5) / (joint.actual_rows + halves);
        index += (a - e) * log(a / e);
    }
    return index;
}
