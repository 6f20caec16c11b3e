/* SPDX-License-Identifier: Apache-2.0 */
/* Small graphs without guards: what hangs together, and what is told of it. */
#include "match/cluster/cluster.h"
#include "match/cluster/graphs.h"
#include "support/check.h"

#include <math.h>

static void cluster(const mgeo_link *links, size_t count, uint64_t rows, float threshold,
                    mgeo_member *members) {
    mgeo_cluster_options options = {.struct_size = sizeof options, .threshold = threshold};
    assert_int_equal(mgi_cluster(links, count, rows, &options, members, NULL), MGEO_OK);
}

static void rows_without_links_are_alone(void **state) {
    (void)state;
    mgeo_member members[3];
    cluster(NULL, 0, 3, 0.5F, members);
    for (uint64_t row = 0; row < 3; row++) {
        assert_int_equal(members[row].cluster, row);
        assert_int_equal(members[row].representative, row);
        assert_int_equal(members[row].size, 1);
        assert_true(isnan(members[row].weakest));
        assert_true(isnan(members[row].link));
    }
    cluster(NULL, 0, 0, 0.5F, NULL);
}

static void links_at_the_threshold_count_and_lower_ones_do_not(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(3, 2, 0.5F), graph_link(1, 2, 0.49F), graph_link(0, 1, 0.9F)};
    mgeo_member members[4];
    cluster(links, 3, 4, 0.5F, members);
    assert_int_equal(members[0].cluster, 0);
    assert_int_equal(members[1].cluster, 0);
    assert_int_equal(members[2].cluster, 2);
    assert_int_equal(members[3].cluster, 2);
    assert_true(members[3].weakest == 0.5F && members[0].weakest == 0.9F);
}

static void what_links_nothing_is_ignored(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, NAN), graph_link(1, 1, 1), graph_link(2, 2, 0.2F)};
    mgeo_member members[3];
    cluster(links, 3, 3, 0, members);
    for (uint64_t row = 0; row < 3; row++) {
        assert_int_equal(members[row].size, 1);
        assert_true(isnan(members[row].link));
    }
}

static void of_links_between_the_same_rows_the_best_counts(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, 0.3F), graph_link(1, 0, 0.8F), graph_link(0, 1, 0.6F)};
    mgeo_member members[2];
    cluster(links, 3, 2, 0.5F, members);
    assert_int_equal(members[1].cluster, 0);
    assert_true(members[0].weakest == 0.8F && members[1].link == 0.8F);
}

/* 0 -.9- 1 -.6- 2 -.8- 3, and 0 -.7- 2: the spanning tree leaves .6 out. */
static void the_weakest_link_is_of_the_spanning_tree(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, 0.9F), graph_link(1, 2, 0.6F), graph_link(2, 3, 0.8F),
                         graph_link(0, 2, 0.7F)};
    mgeo_member members[4];
    cluster(links, 4, 4, 0.5F, members);
    for (int row = 0; row < 4; row++) {
        assert_int_equal(members[row].size, 4);
        assert_true(members[row].weakest == 0.7F);
        assert_int_equal(members[row].representative, 2); /* .8 + .7 + .6 */
    }
    assert_true(members[0].link == 0.9F && members[1].link == 0.9F);
    assert_true(members[2].link == 0.8F && members[3].link == 0.8F);
}

static void the_middle_of_a_star_represents_it(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(4, 0, 0.9F), graph_link(4, 1, 0.7F), graph_link(4, 2, 0.6F),
                         graph_link(3, 4, 0.8F)};
    mgeo_member members[5];
    cluster(links, 4, 5, 0.5F, members);
    for (int row = 0; row < 5; row++) {
        assert_int_equal(members[row].cluster, 0);
        assert_int_equal(members[row].representative, 4);
        assert_true(members[row].weakest == 0.6F);
    }
}

static void of_equal_representatives_the_first_is_taken(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(2, 1, 0.7F)};
    mgeo_member members[3];
    cluster(links, 1, 3, 0.5F, members);
    assert_int_equal(members[1].representative, 1);
    assert_int_equal(members[2].representative, 1);
}

static void scores_may_be_negative(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, -0.5F), graph_link(1, 2, -2), graph_link(3, 4, -0.0F),
                         graph_link(4, 3, 0.0F)};
    mgeo_member members[5];
    cluster(links, 4, 5, -1, members);
    assert_int_equal(members[1].cluster, 0);
    assert_int_equal(members[2].cluster, 2);
    assert_true(members[0].weakest == -0.5F);
    assert_true(members[4].weakest == 0 && !signbit(members[4].weakest));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_without_links_are_alone),
        cmocka_unit_test(links_at_the_threshold_count_and_lower_ones_do_not),
        cmocka_unit_test(what_links_nothing_is_ignored),
        cmocka_unit_test(of_links_between_the_same_rows_the_best_counts),
        cmocka_unit_test(the_weakest_link_is_of_the_spanning_tree),
        cmocka_unit_test(the_middle_of_a_star_represents_it),
        cmocka_unit_test(of_equal_representatives_the_first_is_taken),
        cmocka_unit_test(scores_may_be_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
