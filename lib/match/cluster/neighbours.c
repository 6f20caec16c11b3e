/* SPDX-License-Identifier: Apache-2.0 */
/* The links of each row: counted, then put in place in the order of the links, which is best first.
 */
#include "match/cluster/neighbours.h"

#include "core/alloc.h"

static bool is_inside(const mgi_edge *edge, const mgi_forest *forest, const bool *cut) {
    uint32_t root = forest->root[edge->a];
    return root == forest->root[edge->b] && cut[root];
}

/* Each start is written one place too far, and filling moves it back by counting up the one before.
 */
static uint64_t count_links(mgi_neighbours *neighbours, const mgi_links *links,
                            const mgi_forest *forest, const bool *cut) {
    uint64_t *start = neighbours->start;
    for (size_t i = 0; i < links->count; i++) {
        const mgi_edge *edge = &links->edges[i];
        if (!is_inside(edge, forest, cut)) continue;
        start[edge->a + 1]++;
        start[edge->b + 1]++;
    }
    uint64_t begin = 0;
    for (uint32_t row = 0; row < forest->rows; row++) {
        uint64_t count = start[row + 1];
        start[row + 1] = begin;
        begin += count;
    }
    return begin;
}

static void fill(mgi_neighbours *neighbours, const mgi_links *links, const mgi_forest *forest,
                 const bool *cut) {
    for (size_t i = 0; i < links->count; i++) {
        const mgi_edge *edge = &links->edges[i];
        if (!is_inside(edge, forest, cut)) continue;
        neighbours->link[neighbours->start[edge->a + 1]++] = (uint32_t)i;
        neighbours->link[neighbours->start[edge->b + 1]++] = (uint32_t)i;
    }
}

mgeo_status mgi_neighbours_init(mgi_neighbours *neighbours, const mgi_links *links,
                                const mgi_forest *forest, const bool *cut, mgeo_error *error) {
    *neighbours = (mgi_neighbours){.edges = links->edges};
    size_t starts = (size_t)forest->rows + 1;
    neighbours->start = mgi_calloc(starts, sizeof *neighbours->start);
    if (neighbours->start == NULL) {
        return mgi_fail_memory(error, "rows to cut", starts * sizeof *neighbours->start);
    }
    uint64_t count = count_links(neighbours, links, forest, cut);
    neighbours->link = mgi_calloc(count, sizeof *neighbours->link);
    if (neighbours->link == NULL) {
        mgi_neighbours_finish(neighbours);
        return mgi_fail_memory(error, "links to cut", count * sizeof *neighbours->link);
    }
    fill(neighbours, links, forest, cut);
    return MGEO_OK;
}

void mgi_neighbours_finish(mgi_neighbours *neighbours) {
    mgi_free(neighbours->start);
    mgi_free(neighbours->link);
    *neighbours = (mgi_neighbours){.edges = NULL};
}
