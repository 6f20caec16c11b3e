/* SPDX-License-Identifier: Apache-2.0 */
/* The links of each row, best first, for the rows of components that are cut. */
#ifndef MGI_MATCH_CLUSTER_NEIGHBOURS_H
#define MGI_MATCH_CLUSTER_NEIGHBOURS_H

#include "match/cluster/forest.h"

/* 8 bytes a row and 8 a link. */
typedef struct mgi_neighbours {
    const mgi_edge *edges;
    uint64_t *start; /* [rows + 1]: where a row's links begin in `link` */
    uint32_t *link;  /* numbers of edges */
} mgi_neighbours;

/* Takes the links inside components of the forest whose root has `cut` set, also those below the
 * threshold. Borrows the edges. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_neighbours_init(mgi_neighbours *neighbours, const mgi_links *links,
                                const mgi_forest *forest, const bool *cut, mgeo_error *error);

/* The row at the other end of a row's link number i (start[row] <= i < start[row + 1]), and the
 * link's score. */
static inline uint32_t mgi_neighbours_row(const mgi_neighbours *neighbours, uint32_t row,
                                          uint64_t i) {
    const mgi_edge *edge = &neighbours->edges[neighbours->link[i]];
    return edge->a == row ? edge->b : edge->a;
}

static inline float mgi_neighbours_score(const mgi_neighbours *neighbours, uint64_t i) {
    return neighbours->edges[neighbours->link[i]].score;
}

void mgi_neighbours_finish(mgi_neighbours *neighbours);

#endif
