/* SPDX-License-Identifier: Apache-2.0 */
/* Small graphs that break a guard, and how each way cuts them. */
#include "match/cluster/cluster.h"
#include "match/cluster/graphs.h"
#include "support/check.h"

#include <math.h>

static mgeo_cluster_options at(float threshold, mgeo_cut cut) {
    return (mgeo_cluster_options){
        .struct_size = sizeof(mgeo_cluster_options), .threshold = threshold, .cut = cut};
}

/* Clusters, and compares the cluster of each row with what is expected. */
static void expect(const mgeo_link *links, size_t count, const mgeo_cluster_options *options,
                   uint64_t rows, const uint64_t *expected) {
    mgeo_member members[32];
    assert_int_equal(mgi_cluster(links, count, rows, options, members, NULL), MGEO_OK);
    for (uint64_t row = 0; row < rows; row++) {
        assert_int_equal(members[row].cluster, expected[row]);
    }
}

static const mgeo_cut cuts[] = {MGEO_CUT_CENTER, MGEO_CUT_CORRELATION};

/* 0 -.9- 1 -.8- 2 -.9- 3: too long by one, it is cut where it is weakest. */
static void a_chain_that_is_too_large_is_cut_at_its_weakest(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, 0.9F), graph_link(1, 2, 0.8F), graph_link(2, 3, 0.9F)};
    for (int i = 0; i < 2; i++) {
        mgeo_cluster_options options = at(0.5F, cuts[i]);
        options.max_size = 3;
        expect(links, 3, &options, 4, (uint64_t[]){0, 0, 2, 2});
        options.max_size = 4;
        expect(links, 3, &options, 4, (uint64_t[]){0, 0, 0, 0});
    }
}

/* A chain of errors: neighbours are alike, ends are known not to be. */
static void links_below_the_threshold_speak_against_a_chain(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, 0.9F), graph_link(1, 2, 0.8F), graph_link(2, 3, 0.9F),
                         graph_link(0, 2, 0.1F), graph_link(1, 3, 0.1F), graph_link(0, 3, 0)};
    for (int i = 0; i < 2; i++) {
        mgeo_cluster_options options = at(0.5F, cuts[i]);
        expect(links, 6, &options, 4, (uint64_t[]){0, 0, 0, 0});
        options.least_link = 0.7F;
        expect(links, 6, &options, 4, (uint64_t[]){0, 0, 2, 2});
    }
}

/* The middle of a star is alike to all, and they are not alike to each other: the first stays. */
static void of_equally_loose_rows_the_last_go(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, 0.9F), graph_link(0, 2, 0.9F), graph_link(1, 2, 0.1F)};
    for (int i = 0; i < 2; i++) {
        mgeo_cluster_options options = at(0.5F, cuts[i]);
        options.least_link = 0.6F;
        expect(links, 3, &options, 3, (uint64_t[]){0, 0, 2});
    }
}

/* Two groups of five, all alike inside, and one link between them. */
static size_t two_groups(mgeo_link *links) {
    size_t count = 0;
    for (uint64_t a = 0; a < 10; a++) {
        for (uint64_t b = a + 1; b < 10; b++) {
            if (a / 5 == b / 5) links[count++] = graph_link(a, b, 0.9F - 0.01F * (float)(a % 5));
        }
    }
    links[count++] = graph_link(4, 5, 0.6F);
    return count;
}

static void groups_that_one_link_joins_are_parted(void **state) {
    (void)state;
    static const uint64_t parted[] = {0, 0, 0, 0, 0, 5, 5, 5, 5, 5};
    static const uint64_t joined[10] = {0};
    mgeo_link links[32];
    size_t count = two_groups(links);
    for (int i = 0; i < 2; i++) {
        mgeo_cluster_options options = at(0.5F, cuts[i]);
        expect(links, count, &options, 10, joined);
        options.max_size = 9;
        expect(links, count, &options, 10, parted);
        options.max_size = 0;
        options.least_link = 0.86F;
        expect(links, count, &options, 10, parted);
    }
    mgeo_cluster_options whole = at(0.5F, MGEO_CUT_NONE);
    expect(links, count, &whole, 10, joined);
}

/* Two sources. Row 0 is best for 2, and 2 for 0; 1 gets what is left to it. */
static void one_to_one_makes_the_best_links_first(void **state) {
    (void)state;
    static const uint32_t source[] = {7, 7, 1, 1};
    mgeo_link links[] = {graph_link(0, 2, 0.95F), graph_link(1, 2, 0.9F), graph_link(0, 3, 0.85F),
                         graph_link(1, 3, 0.6F)};
    for (int i = 0; i < 2; i++) {
        mgeo_cluster_options options = at(0.5F, cuts[i]);
        options.one_to_one = 1;
        options.source = source;
        expect(links, 4, &options, 4, (uint64_t[]){0, 1, 0, 1});
        options.threshold = 0.7F;
        expect(links, 4, &options, 4, (uint64_t[]){0, 1, 0, 3});
    }
}

static void one_to_one_holds_for_more_than_two_sources(void **state) {
    (void)state;
    static const uint32_t source[] = {0, 1, 2, 0, 1};
    mgeo_link links[] = {graph_link(0, 1, 0.9F), graph_link(1, 2, 0.9F), graph_link(2, 3, 0.8F),
                         graph_link(3, 4, 0.9F)};
    mgeo_cluster_options options = at(0.5F, MGEO_CUT_CENTER);
    options.one_to_one = 1;
    options.source = source;
    expect(links, 4, &options, 5, (uint64_t[]){0, 0, 0, 3, 3});
    expect(links, 2, &options, 5, (uint64_t[]){0, 0, 0, 3, 4}); /* no source twice: whole */
}

/* Row 3 is a centre too late: by then 1, its best, is with 0. */
static void a_row_goes_to_its_best_centre(void **state) {
    (void)state;
    mgeo_link links[] = {graph_link(0, 1, 0.7F), graph_link(0, 2, 0.9F), graph_link(0, 4, 0.9F),
                         graph_link(1, 3, 0.95F)};
    mgeo_cluster_options options = at(0.5F, MGEO_CUT_CENTER);
    options.max_size = 4;
    expect(links, 4, &options, 5, (uint64_t[]){0, 1, 0, 1, 0});
}

/* A group of six of which each row was only linked to the next three: a centre takes three of them,
 * and what speaks for the rest brings them back. */
static void correlation_joins_what_centres_part(void **state) {
    (void)state;
    mgeo_link links[32];
    size_t count = 0;
    for (uint64_t a = 0; a < 6; a++) {
        for (uint64_t b = a + 1; b < 6 && b <= a + 3; b++) {
            links[count++] = graph_link(a, b, 0.9F);
        }
    }
    links[count++] = graph_link(5, 6, 0.6F);
    mgeo_cluster_options options = at(0.5F, MGEO_CUT_CORRELATION);
    options.max_size = 6;
    expect(links, count, &options, 7, (uint64_t[]){0, 0, 0, 0, 0, 0, 6});
}

static void a_limit_of_one_leaves_every_row_alone(void **state) {
    (void)state;
    mgeo_link links[32];
    size_t count = two_groups(links);
    for (int i = 0; i < 2; i++) {
        mgeo_cluster_options options = at(0.5F, cuts[i]);
        options.max_size = 1;
        expect(links, count, &options, 10, (uint64_t[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_that_is_too_large_is_cut_at_its_weakest),
        cmocka_unit_test(links_below_the_threshold_speak_against_a_chain),
        cmocka_unit_test(of_equally_loose_rows_the_last_go),
        cmocka_unit_test(groups_that_one_link_joins_are_parted),
        cmocka_unit_test(one_to_one_makes_the_best_links_first),
        cmocka_unit_test(one_to_one_holds_for_more_than_two_sources),
        cmocka_unit_test(a_row_goes_to_its_best_centre),
        cmocka_unit_test(correlation_joins_what_centres_part),
        cmocka_unit_test(a_limit_of_one_leaves_every_row_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
