/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of what one model has done since it was loaded: for watches, metrics and load reports. */
#ifndef MGI_STATS_SNAPSHOT_H
#define MGI_STATS_SNAPSHOT_H

#include "stats/drift.h"
#include "stats/histogram.h"

#include <stdint.h>

enum { MGI_SNAPSHOT_STATUSES = 16 }; /* room for every mgeo_status */

/* Counts only grow, so that the difference of two snapshots is what happened between them. */
typedef struct mgi_snapshot {
    uint64_t calls;                            /* that returned, failed ones included */
    uint64_t failed_by[MGI_SNAPSHOT_STATUSES]; /* calls, by mgeo_status */
    uint64_t rows_scored, rows_bad, rows_not_finite, rows_truncated;
    uint64_t rows_unknown, rows_unknown_differ, rows_capped;
    uint64_t tokens, batches, busy_nanoseconds;
    mgi_histogram call_time;             /* arrival to return */
    mgi_histogram wait_time;             /* of a row in the queue */
    uint64_t similarity[MGI_DRIFT_BINS]; /* of scored rows */
} mgi_snapshot;

/* now - before, member by member. */
void mgi_snapshot_since(mgi_snapshot *difference, const mgi_snapshot *now,
                        const mgi_snapshot *before);

/* Calls that failed, by whatever status. */
uint64_t mgi_snapshot_failed(const mgi_snapshot *snapshot);

#endif
