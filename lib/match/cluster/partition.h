/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in clusters that change: who is with whom, and who may come to whom. */
#ifndef MGI_MATCH_CLUSTER_PARTITION_H
#define MGI_MATCH_CLUSTER_PARTITION_H

#include "core/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a row, and of the cluster with its number: side by side, since what is asked of one is asked
 * together, and each from somewhere else in memory. */
typedef struct mgi_partition_row {
    uint32_t label;          /* the cluster of the row */
    uint32_t next, previous; /* members in a ring */
    uint32_t source;         /* of the row */
    uint32_t size;           /* of the cluster; it may be empty */
    uint32_t first;          /* of the cluster: a member, if there is one */
} mgi_partition_row;

/* Two rows of one source, that keep their clusters apart for as long as they are in them. */
typedef struct mgi_partition_conflict {
    uint32_t a, b;
} mgi_partition_conflict;

/* 24 bytes a row, and 5 with sources, with which it also remembers conflicts: 8 bytes for each of
 * at most MGI_PARTITION_CONFLICTS. */
typedef struct mgi_partition {
    uint32_t rows;
    uint32_t max_size; /* UINT32_MAX: not limited */
    bool by_source;    /* a cluster has at most one row of each source */
    mgi_partition_row *at;
    uint32_t *slots; /* a hash table of rows, plus 1, by cluster and source; 0 is empty. NULL
                        without sources */
    uint64_t slot_count;
    mgi_partition_conflict *conflicts; /* by the two clusters, the last that was met; or NULL */
    uint32_t conflict_count;
} mgi_partition;

enum { MGI_PARTITION_CONFLICTS = 1 << 16 };

/* Every row in the cluster of its number. sources [rows]: from 0, less than rows; NULL: a cluster
 * may have any. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_partition_init(mgi_partition *partition, uint32_t rows, uint32_t max_size,
                               const uint32_t *sources, mgeo_error *error);

/* Whether a row may come into a cluster, or two clusters may be one, as size and sources go. The
 * first takes the same time however large the cluster is, the second time in proportion to the
 * smaller cluster, once for two that may not. */
bool mgi_partition_takes(const mgi_partition *partition, uint32_t cluster, uint32_t row);
bool mgi_partition_may_merge(mgi_partition *partition, uint32_t a, uint32_t b);

/* Moves a row to another cluster, which may be empty. */
void mgi_partition_move(mgi_partition *partition, uint32_t row, uint32_t cluster);

/* Moves the members of the smaller to the larger, and returns the one that is empty now. */
uint32_t mgi_partition_merge(mgi_partition *partition, uint32_t a, uint32_t b);

void mgi_partition_finish(mgi_partition *partition);

#endif
