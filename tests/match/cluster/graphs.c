/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs, the same for the same number. */
#include "match/cluster/graphs.h"

#include <math.h>

static uint64_t draw(uint64_t *state, uint64_t below) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t mixed = (*state ^ *state >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    return (mixed >> 32) % below;
}

void random_graph_make(random_graph *graph, uint64_t seed) {
    uint64_t state = seed;
    graph->rows = 1 + draw(&state, GRAPH_MOST_ROWS);
    graph->count = draw(&state, 2 + 3 * graph->rows);
    for (size_t i = 0; i < graph->count; i++) {
        float score = (float)draw(&state, 17) / 16;
        if (draw(&state, 20) == 0) score = NAN;
        graph->links[i] = graph_link(draw(&state, graph->rows), draw(&state, graph->rows), score);
    }
    for (uint64_t row = 0; row < graph->rows; row++) {
        graph->source[row] = (uint32_t)draw(&state, 4) * 1000;
    }
}

void random_graph_shuffle(random_graph *graph, uint64_t seed) {
    uint64_t state = seed;
    for (size_t i = graph->count; i > 1; i--) {
        size_t other = (size_t)draw(&state, i);
        mgeo_link link = graph->links[i - 1];
        graph->links[i - 1] = graph->links[other];
        graph->links[other] = link;
    }
    for (size_t i = 0; i < graph->count; i++) {
        mgeo_link link = graph->links[i];
        if (draw(&state, 2) == 0) graph->links[i] = graph_link(link.b, link.a, link.score);
    }
}
