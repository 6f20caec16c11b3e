/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of each row: its cluster, who represents it, and how well it is linked. */
#include "match/cluster/describe.h"

#include "core/alloc.h"

#include <math.h>

static void begin(const mgi_forest *forest, mgeo_member *members) {
    for (uint32_t row = 0; row < forest->rows; row++) {
        uint32_t root = forest->root[row];
        members[row] = (mgeo_member){
            .cluster = root,
            .representative = root,
            .size = forest->size[root],
            .weakest = forest->weakest[root],
            .link = NAN,
        };
    }
}

/* Links come best first, so the first of a row is its best. */
static void add_link(double *sums, mgeo_member *members, uint32_t row, float score) {
    sums[row] += (double)score;
    if (isnan(members[row].link)) members[row].link = score;
}

static void add_links(const mgi_forest *forest, const mgi_links *links, double *sums,
                      mgeo_member *members) {
    for (size_t i = 0; i < links->count; i++) {
        const mgi_edge *edge = &links->edges[i];
        if (forest->root[edge->a] != forest->root[edge->b]) continue;
        add_link(sums, members, edge->a, edge->score);
        add_link(sums, members, edge->b, edge->score);
    }
}

/* The root is the first row of its cluster, and tells the others what it found. */
static void choose_representatives(const mgi_forest *forest, const double *sums,
                                   mgeo_member *members) {
    for (uint32_t row = 0; row < forest->rows; row++) {
        mgeo_member *first = &members[forest->root[row]];
        if (sums[row] > sums[first->representative]) first->representative = row;
    }
    for (uint32_t row = 0; row < forest->rows; row++) {
        members[row].representative = members[forest->root[row]].representative;
    }
}

mgeo_status mgi_describe_members(const mgi_forest *forest, const mgi_links *links,
                                 mgeo_member *members, mgeo_error *error) {
    double *sums = mgi_calloc(forest->rows, sizeof *sums);
    if (sums == NULL) return mgi_fail_memory(error, "sums of links", forest->rows * sizeof *sums);
    begin(forest, members);
    add_links(forest, links, sums, members);
    choose_representatives(forest, sums, members);
    mgi_free(sums);
    return MGEO_OK;
}
