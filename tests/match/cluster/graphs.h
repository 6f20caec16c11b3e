/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs to cluster: small ones by hand, random ones by number. */
#ifndef TEST_MATCH_CLUSTER_GRAPHS_H
#define TEST_MATCH_CLUSTER_GRAPHS_H

#include <mgeo.h>

/* A link of two rows. */
static inline mgeo_link graph_link(uint64_t a, uint64_t b, float score) {
    return (mgeo_link){.a = a, .b = b, .score = score};
}

enum { GRAPH_MOST_LINKS = 400, GRAPH_MOST_ROWS = 40 };

/* Links between rows at random: their scores are sixteenths, so that many are equal and sums exact;
 * some come twice, some link a row with itself, some are NaN. */
typedef struct random_graph {
    mgeo_link links[GRAPH_MOST_LINKS];
    uint32_t source[GRAPH_MOST_ROWS]; /* one of four */
    size_t count;
    uint64_t rows;
} random_graph;

void random_graph_make(random_graph *graph, uint64_t seed);

/* The same links in another order, and with some rows the other way round. */
void random_graph_shuffle(random_graph *graph, uint64_t seed);

#endif
