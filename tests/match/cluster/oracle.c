/* SPDX-License-Identifier: Apache-2.0 */
/* What is true of clusters, worked out slowly. */
#include "match/cluster/oracle.h"

#include "support/check.h"

#include <math.h>

float oracle_best(const random_graph *graph, uint64_t a, uint64_t b) {
    float best = NAN;
    for (size_t i = 0; a != b && i < graph->count; i++) {
        const mgeo_link *link = &graph->links[i];
        bool is_it = (link->a == a && link->b == b) || (link->a == b && link->b == a);
        if (is_it && !(link->score <= best) && !isnan(link->score)) best = link->score;
    }
    return best;
}

bool oracle_reach(const random_graph *graph, const mgeo_member *members, uint64_t a, uint64_t b,
                  float least) {
    bool reached[GRAPH_MOST_ROWS] = {false};
    reached[a] = true;
    for (uint64_t step = 0; step < graph->rows; step++) {
        for (size_t i = 0; i < graph->count; i++) {
            const mgeo_link *link = &graph->links[i];
            if (!(link->score >= least)) continue;
            if (members[link->a].cluster != members[link->b].cluster) continue;
            if (reached[link->a] || reached[link->b]) reached[link->a] = reached[link->b] = true;
        }
    }
    return reached[b];
}

float oracle_weakest(const random_graph *graph, const mgeo_member *members, uint64_t row) {
    float weakest = NAN;
    for (uint64_t other = 0; other < graph->rows; other++) {
        if (other == row || members[other].cluster != members[row].cluster) continue;
        float holds = NAN;
        for (size_t i = 0; i < graph->count; i++) {
            float score = graph->links[i].score;
            if (isnan(score) || score <= holds) continue;
            if (oracle_reach(graph, members, row, other, score)) holds = score;
        }
        if (!(weakest <= holds)) weakest = holds;
    }
    return weakest;
}

double oracle_mean(const random_graph *graph, const mgeo_member *members, uint64_t row) {
    double sum = 0, count = 0;
    for (uint64_t other = 0; other < graph->rows; other++) {
        if (members[other].cluster != members[row].cluster) continue;
        float score = oracle_best(graph, row, other);
        if (isnan(score)) continue;
        sum += (double)score;
        count++;
    }
    return sum / count;
}

/* The sum of a row's links, or the best of them. */
static double sum_of(const random_graph *graph, const mgeo_member *members, uint64_t row,
                     float *best) {
    double sum = 0;
    *best = NAN;
    for (uint64_t other = 0; other < graph->rows; other++) {
        if (members[other].cluster != members[row].cluster) continue;
        float score = oracle_best(graph, row, other);
        if (isnan(score)) continue;
        sum += (double)score;
        if (!(score <= *best)) *best = score;
    }
    return sum;
}

static void assert_same(float found, float expected) {
    assert_true(found == expected || (isnan(found) && isnan(expected)));
}

static void check_row(const random_graph *graph, const mgeo_member *members, uint64_t row,
                      float threshold) {
    const mgeo_member *member = &members[row];
    uint64_t size = 0, first = row;
    float best, others_best;
    double sum = sum_of(graph, members, row, &best);
    double most = sum_of(graph, members, member->representative, &others_best);
    for (uint64_t other = 0; other < graph->rows; other++) {
        if (members[other].cluster != member->cluster) continue;
        size++;
        if (other < first) first = other;
        assert_true(oracle_reach(graph, members, row, other, threshold));
        assert_int_equal(members[other].representative, member->representative);
        assert_same(members[other].weakest, member->weakest);
    }
    assert_int_equal(member->cluster, first);
    assert_int_equal(member->size, size);
    assert_int_equal(members[member->representative].cluster, member->cluster);
    assert_true(sum < most || (sum == most && row >= member->representative));
    assert_same(member->link, best);
}

void oracle_check(const random_graph *graph, const mgeo_member *members, float threshold) {
    for (uint64_t row = 0; row < graph->rows; row++) {
        check_row(graph, members, row, threshold);
        if (members[row].cluster != row) continue;
        assert_same(members[row].weakest, oracle_weakest(graph, members, row));
    }
}
