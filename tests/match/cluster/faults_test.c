/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out at every allocation in turn, and what cannot be clustered. */
#include "core/alloc.h"
#include "match/cluster/cluster.h"
#include "match/cluster/graphs.h"
#include "support/check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static mgeo_cluster_options all_guards(const random_graph *graph, bool one_to_one) {
    return (mgeo_cluster_options){
        .struct_size = sizeof(mgeo_cluster_options),
        .threshold = 0.5F,
        .cut = MGEO_CUT_CORRELATION,
        .max_size = 3,
        .least_link = 0.7F,
        .source = graph->source,
        .one_to_one = one_to_one,
    };
}

/* Two ways, since one to one has no centres. */
static void survives_failing_memory(void **state) {
    (void)state;
    for (int one_to_one = 0; one_to_one < 2; one_to_one++) {
        random_graph graph;
        mgeo_member members[GRAPH_MOST_ROWS], untouched[GRAPH_MOST_ROWS];
        random_graph_make(&graph, 4);
        mgeo_cluster_options options = all_guards(&graph, one_to_one != 0);
        memset(members, 0xAA, sizeof members);
        memcpy(untouched, members, sizeof members);
        mgeo_status status = MGEO_E_MEMORY;
        long nth = 1;
        for (; status != MGEO_OK; nth++) {
            mgeo_error error;
            mgi_alloc_fail_at(nth);
            status = mgi_cluster(graph.links, graph.count, graph.rows, &options, members, &error);
            if (status == MGEO_OK) break;
            assert_int_equal(status, MGEO_E_MEMORY);
            assert_string_not_equal(error.message, "");
            assert_memory_equal(members, untouched, sizeof members);
            assert_true(nth < 100);
        }
        mgi_alloc_fail_at(0);
        assert_true(nth > 20);
    }
}

static void rows_that_are_none_are_refused(void **state) {
    (void)state;
    mgeo_member members[2];
    mgeo_error error;
    mgeo_cluster_options options = {.struct_size = sizeof options};
    mgeo_link links[] = {graph_link(0, 1, 1), graph_link(1, 2, NAN)};
    assert_int_equal(mgi_cluster(links, 2, 2, &options, members, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, "links[1] is of row 2: there are 2, from 0");
    links[1] = graph_link(0, 1, -INFINITY);
    assert_int_equal(mgi_cluster(links, 2, 2, &options, members, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, "links[1].score is infinite");
}

static void more_rows_than_can_be_numbered_are_refused(void **state) {
    (void)state;
    mgeo_error error;
    mgeo_cluster_options options = {.struct_size = sizeof options};
    assert_int_equal(mgi_cluster(NULL, 0, UINT32_MAX, &options, NULL, &error), MGEO_E_UNSUPPORTED);
    assert_int_equal(mgi_cluster(NULL, 0, UINT64_MAX, &options, NULL, &error), MGEO_E_UNSUPPORTED);
    assert_non_null(strstr(error.message, "18446744073709551615 rows"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_failing_memory),
        cmocka_unit_test(rows_that_are_none_are_refused),
        cmocka_unit_test(more_rows_than_can_be_numbered_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
