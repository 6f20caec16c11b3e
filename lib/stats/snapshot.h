/* SPDX-License-Identifier: Apache-2.0 */
/* What one model has done since it was loaded, as a copy: what watches, metrics and loads look at.
 */
#ifndef MGI_STATS_SNAPSHOT_H
#define MGI_STATS_SNAPSHOT_H

#include "stats/histogram.h"

#include <stdint.h>

enum {
    MGI_SNAPSHOT_STATUSES = 16, /* room for every mgeo_status */
    MGI_DRIFT_BINS = 100        /* bin i: similarities from i/100 on; 1 lies in the last */
};

/* All counts only grow, so that the difference of two copies is what happened between them. */
typedef struct mgi_snapshot {
    uint64_t calls;                            /* answered, failed ones included */
    uint64_t failed_by[MGI_SNAPSHOT_STATUSES]; /* calls, by mgeo_status */
    uint64_t rows_scored, rows_bad, rows_not_finite, rows_truncated;
    uint64_t tokens, batches, busy_nanoseconds;
    mgi_histogram call_time;             /* arrival to answer */
    mgi_histogram wait_time;             /* of a row in the queue */
    uint64_t similarity[MGI_DRIFT_BINS]; /* of scored rows */
} mgi_snapshot;

/* now - before, member by member. */
void mgi_snapshot_since(mgi_snapshot *difference, const mgi_snapshot *now,
                        const mgi_snapshot *before);

uint64_t mgi_snapshot_failed(const mgi_snapshot *observed);

/* Population stability index of `actual` against `expected`, both [MGI_DRIFT_BINS]: neighbours
 * are joined until they hold a tenth of both sides' rows, half a row is added to every joined bin.
 * The same with the sides changed. NaN if either is empty. */
double mgi_drift_index(const uint64_t *expected, const uint64_t *actual);

/* The bin of a similarity in 0..1. */
unsigned mgi_drift_bin(float similarity);

#endif
