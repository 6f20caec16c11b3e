/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows hang together: the maximum spanning forest of links, grown from the best link on. */
#ifndef MGI_MATCH_CLUSTER_FOREST_H
#define MGI_MATCH_CLUSTER_FOREST_H

#include "match/cluster/links.h"

#include <stdbool.h>

/* Instead of a label: a row that is linked to none. No row has this number. */
#define MGI_FOREST_ALONE UINT32_MAX

/* 12 bytes a row. */
typedef struct mgi_forest {
    uint32_t rows;
    uint32_t *root; /* [rows]: once grown, the smallest row of the tree that each row is in */
    uint32_t *size; /* [rows]: at a root, how many rows its tree has */
    float *weakest; /* [rows]: at a root, the least link of its tree; NaN without one */
} mgi_forest;

/* Every row a tree of its own. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_forest_init(mgi_forest *forest, uint32_t rows, mgeo_error *error);

/* Forgets the trees and grows them from the links that reach the threshold; with labels [rows] only
 * links whose rows have one label in common. */
void mgi_forest_grow(mgi_forest *forest, const mgi_links *links, const uint32_t *labels);

void mgi_forest_finish(mgi_forest *forest);

#endif
