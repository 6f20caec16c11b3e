/* SPDX-License-Identifier: Apache-2.0 */
/* How far two distributions of similarities lie apart: the population stability index (PSI). */
#include "stats/drift.h"

#include <math.h>
#include <stdbool.h>

unsigned mgi_drift_bin(float similarity) {
    if (!(similarity > 0)) return 0;
    if (similarity >= 1) return MGI_DRIFT_BINS - 1;
    unsigned bin = (unsigned)(similarity * (float)MGI_DRIFT_BINS);
    return bin < MGI_DRIFT_BINS ? bin : MGI_DRIFT_BINS - 1;
}

/* Rows of both sides, after neighbouring bins have been joined. */
typedef struct joined_bins {
    uint64_t expected[MGI_DRIFT_BINS];
    uint64_t actual[MGI_DRIFT_BINS];
    unsigned count;
    double expected_rows, actual_rows; /* of all bins */
} joined_bins;

/* The part of all rows that these are, both sides weighing the same. */
static double joined_share(const joined_bins *joint, uint64_t expected, uint64_t actual) {
    return ((double)expected / joint->expected_rows + (double)actual / joint->actual_rows) / 2;
}

/* A bin that is large by itself is not joined to small ones before it: where nearly all rows are in
 * one bin, those that move out of it must still show. */
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
