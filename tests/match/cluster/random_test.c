/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs under all guards and cuts: what members say is so, guards hold, and the order in
 * which links come does not matter. */
#include "match/cluster/cluster.h"
#include "match/cluster/oracle.h"
#include "support/check.h"

#include <math.h>
#include <string.h>

enum { GRAPHS = 300, OPTIONS = 16 };

/* Every number from 0 to OPTIONS - 1 is another set of guards. */
static mgeo_cluster_options options_of(unsigned number, const random_graph *graph) {
    return (mgeo_cluster_options){
        .struct_size = sizeof(mgeo_cluster_options),
        .threshold = 0.5F,
        .cut = (number & 1) != 0 ? MGEO_CUT_CORRELATION : MGEO_CUT_CENTER,
        .max_size = (number & 2) != 0 ? 5 : 0,
        .least_link = (number & 4) != 0 ? 0.65F : 0,
        .source = (number & 8) != 0 ? graph->source : NULL,
        .one_to_one = (number & 8) != 0,
    };
}

static void cluster(const random_graph *graph, const mgeo_cluster_options *options,
                    mgeo_member *members) {
    memset(members, 0xAA, GRAPH_MOST_ROWS * sizeof *members);
    assert_int_equal(mgi_cluster(graph->links, graph->count, graph->rows, options, members, NULL),
                     MGEO_OK);
}

static void check_guards(const random_graph *graph, const mgeo_cluster_options *options,
                         const mgeo_member *members) {
    for (uint64_t row = 0; row < graph->rows; row++) {
        if (options->max_size != 0) assert_true(members[row].size <= options->max_size);
        double mean = oracle_mean(graph, members, row);
        assert_true(isnan(mean) || mean >= (double)options->least_link - 1e-9);
        for (uint64_t other = 0; options->one_to_one != 0 && other < row; other++) {
            assert_true(members[row].cluster != members[other].cluster ||
                        graph->source[row] != graph->source[other]);
        }
    }
}

static void what_members_say_is_so(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        random_graph graph;
        mgeo_member members[GRAPH_MOST_ROWS];
        random_graph_make(&graph, seed);
        mgeo_cluster_options options = options_of(seed % OPTIONS, &graph);
        cluster(&graph, &options, members);
        oracle_check(&graph, members, options.threshold);
        check_guards(&graph, &options, members);
    }
}

/* Without guards: two rows are together if and only if links lead from one to the other. */
static void components_are_complete(void **state) {
    (void)state;
    static const mgeo_member all_together[GRAPH_MOST_ROWS];
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        random_graph graph;
        mgeo_member members[GRAPH_MOST_ROWS];
        random_graph_make(&graph, seed);
        mgeo_cluster_options options = options_of(0, &graph);
        options.threshold = 0.75F;
        cluster(&graph, &options, members);
        for (uint64_t row = 0; row < graph.rows; row++) {
            bool together = members[row].cluster == members[0].cluster;
            assert_int_equal(together, oracle_reach(&graph, all_together, 0, row, 0.75F));
        }
    }
}

/* A component that keeps the guards is never cut. */
static void what_keeps_the_guards_stays_whole(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        random_graph graph;
        mgeo_member whole[GRAPH_MOST_ROWS], cut[GRAPH_MOST_ROWS];
        random_graph_make(&graph, seed);
        mgeo_cluster_options none = options_of(0, &graph), options = options_of(2, &graph);
        cluster(&graph, &none, whole);
        cluster(&graph, &options, cut);
        for (uint64_t row = 0; row < graph.rows; row++) {
            if (whole[row].size > options.max_size) continue;
            assert_int_equal(cut[row].cluster, whole[row].cluster);
            assert_int_equal(cut[row].size, whole[row].size);
        }
    }
}

static void the_order_of_links_does_not_matter(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        random_graph graph;
        mgeo_member members[GRAPH_MOST_ROWS], again[GRAPH_MOST_ROWS];
        random_graph_make(&graph, seed);
        mgeo_cluster_options options = options_of(seed % OPTIONS, &graph);
        cluster(&graph, &options, members);
        for (uint64_t shuffle = 0; shuffle < 3; shuffle++) {
            random_graph_shuffle(&graph, seed + shuffle);
            cluster(&graph, &options, again);
            assert_memory_equal(members, again, sizeof members);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_members_say_is_so),
        cmocka_unit_test(components_are_complete),
        cmocka_unit_test(what_keeps_the_guards_stays_whole),
        cmocka_unit_test(the_order_of_links_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
