/* SPDX-License-Identifier: Apache-2.0 */
/* Union-find over links from the best on. A root is the smallest row of its tree, so that trees are
 * named alike however they grew; halving paths keeps finding short without ranks. */
#include "match/cluster/forest.h"

#include "core/alloc.h"

#include <math.h>

mgeo_status mgi_forest_init(mgi_forest *forest, uint32_t rows, mgeo_error *error) {
    *forest = (mgi_forest){
        .rows = rows,
        .root = mgi_calloc(rows, sizeof *forest->root),
        .size = mgi_calloc(rows, sizeof *forest->size),
        .weakest = mgi_calloc(rows, sizeof *forest->weakest),
    };
    if (forest->root != NULL && forest->size != NULL && forest->weakest != NULL) return MGEO_OK;
    mgi_forest_finish(forest);
    return mgi_fail_memory(error, "rows of clusters", (size_t)rows * 3 * sizeof(uint32_t));
}

void mgi_forest_finish(mgi_forest *forest) {
    mgi_free(forest->root);
    mgi_free(forest->size);
    mgi_free(forest->weakest);
    *forest = (mgi_forest){.rows = 0};
}

static uint32_t find(uint32_t *root, uint32_t row) {
    while (root[row] != row) {
        root[row] = root[root[row]];
        row = root[row];
    }
    return row;
}

/* Scores descend, so the last link that joins two trees is the least of the tree that comes. */
static void join(mgi_forest *forest, const mgi_edge *edge) {
    uint32_t a = find(forest->root, edge->a), b = find(forest->root, edge->b);
    if (a == b) return;
    uint32_t low = a < b ? a : b, high = a < b ? b : a;
    forest->root[high] = low;
    forest->size[low] += forest->size[high];
    forest->weakest[low] = edge->score;
}

void mgi_forest_grow(mgi_forest *forest, const mgi_links *links, const uint32_t *labels) {
    for (uint32_t row = 0; row < forest->rows; row++) {
        forest->root[row] = row;
        forest->size[row] = 1;
        forest->weakest[row] = NAN;
    }
    for (size_t i = 0; i < links->used; i++) {
        const mgi_edge *edge = &links->edges[i];
        if (labels != NULL &&
            (labels[edge->a] != labels[edge->b] || labels[edge->a] == MGI_FOREST_ALONE)) {
            continue;
        }
        join(forest, edge);
    }
    for (uint32_t row = 0; row < forest->rows; row++) forest->root[row] = find(forest->root, row);
}
