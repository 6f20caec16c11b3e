/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting the components that break a guard: what all ways of it work on. */
#ifndef MGI_MATCH_CLUSTER_CUTTING_H
#define MGI_MATCH_CLUSTER_CUTTING_H

#include "match/cluster/guards.h"
#include "match/cluster/neighbours.h"
#include "match/cluster/partition.h"

/* The components to cut. */
typedef struct mgi_cutting {
    const mgi_links *links;
    const mgi_forest *forest;
    const bool *broken; /* [rows]: at a root, whether its component is cut */
    const mgi_neighbours *neighbours;
    const uint32_t *rows; /* of the components, ascending */
    uint32_t count;
    mgi_partition *partition;
    /* A link speaks for being together by how far its score is above the level; two rows without a
     * link speak against it by `missing`, since a link may only not have been looked for. */
    double level, missing;
} mgi_cutting;

/* Cuts the components: all members but the last three are given. Writes for every row the number of
 * its cluster into labels [rows]: rows that are together have it in common. Clusters need not hang
 * together yet. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_cutting_run(mgi_cutting *cutting, const mgi_guards *guards,
                            const mgeo_cluster_options *options, uint32_t *labels,
                            mgeo_error *error);

static inline bool mgi_cutting_has(const mgi_cutting *cutting, const mgi_edge *edge) {
    return cutting->broken[cutting->forest->root[edge->a]];
}

/* The ways, each from rows that are clusters of their own, or the next from what one left.
 * Errors: MGEO_E_MEMORY. */

/* Makes the best links first, as long as the guards let two clusters be one. */
void mgi_cutting_best_first(mgi_cutting *cutting);

/* Makes the rows with the best links centres, and the others join one of those that they are linked
 * to. */
mgeo_status mgi_cutting_center(mgi_cutting *cutting, mgeo_error *error);

/* Moves rows to, and makes one of, the clusters where more speaks for it than against. */
mgeo_status mgi_cutting_correlate(mgi_cutting *cutting, mgeo_error *error);

#endif
