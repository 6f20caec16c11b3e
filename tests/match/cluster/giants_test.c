/* SPDX-License-Identifier: Apache-2.0 */
/* Components so large that anything but time in proportion to them would not end. */
#include "match/cluster/cluster.h"
#include "match/cluster/graphs.h"
#include "support/check.h"

#include <stdlib.h>

enum { HALF = 300000, ROWS = 2 * HALF, STEPS = 100000 };

static void *array_of(size_t count, size_t size) {
    void *array = calloc(count, size);
    assert_non_null(array);
    return array;
}

static mgeo_cluster_options one_to_one(const uint32_t *source, mgeo_cut cut, float threshold) {
    return (mgeo_cluster_options){.struct_size = sizeof(mgeo_cluster_options),
                                  .threshold = threshold,
                                  .cut = cut,
                                  .source = source,
                                  .one_to_one = 1};
}

/* Every row is of a source of its own, but for the last, whose source is the first one's. */
static void a_cluster_of_many_sources_grows_row_by_row(void **state) {
    (void)state;
    uint32_t *source = array_of(ROWS, sizeof *source);
    mgeo_link *links = array_of(ROWS, sizeof *links);
    mgeo_member *members = array_of(ROWS, sizeof *members);
    for (uint32_t row = 0; row < ROWS; row++) source[row] = row % (ROWS - 1);
    for (uint32_t row = 0; row + 1 < ROWS; row++) links[row] = graph_link(row, row + 1, 0.9F);
    for (int cut = MGEO_CUT_CENTER; cut <= MGEO_CUT_CORRELATION; cut++) {
        const mgeo_cluster_options options = one_to_one(source, (mgeo_cut)cut, 0.0F);
        assert_int_equal(mgi_cluster(links, ROWS - 1, ROWS, &options, members, NULL), MGEO_OK);
        assert_int_equal(members[ROWS - 2].cluster, 0);
        assert_int_equal(members[ROWS - 2].size, ROWS - 1);
        assert_int_equal(members[ROWS - 1].size, 1);
    }
    free(source);
    free(links);
    free(members);
}

/* Two chains, with one source in both: no link between them can be made, and there are many. */
static void two_clusters_are_refused_to_be_one_many_times(void **state) {
    (void)state;
    uint32_t *source = array_of(ROWS, sizeof *source);
    mgeo_link *links = array_of(2 * ROWS, sizeof *links);
    mgeo_member *members = array_of(ROWS, sizeof *members);
    size_t count = 0;
    for (uint32_t row = 0; row < ROWS; row++) source[row] = row;
    source[HALF - 1] = source[ROWS - 1];
    for (uint32_t row = 0; row < HALF; row++) {
        if (row + 1 < HALF) links[count++] = graph_link(row, row + 1, 0.9F);
        if (row + 1 < HALF) links[count++] = graph_link(HALF + row, HALF + row + 1, 0.9F);
        links[count++] = graph_link(row, HALF + row, 0.6F);
    }
    const mgeo_cluster_options options = one_to_one(source, MGEO_CUT_CENTER, 0.5F);
    assert_int_equal(mgi_cluster(links, count, ROWS, &options, members, NULL), MGEO_OK);
    for (uint32_t row = 0; row < ROWS; row++) {
        assert_int_equal(members[row].cluster, row < HALF ? 0 : HALF);
    }
    free(source);
    free(links);
    free(members);
}

/* Each step hangs on row 0 and holds an end that hangs on it alone; a link below the threshold to
 * the end of the step before is all that keeps it. So one goes after the other, each when the end
 * before has fallen off. */
static void steps_that_fall_one_after_the_other_all_fall(void **state) {
    (void)state;
    const uint64_t rows = 2 + 2 * (uint64_t)STEPS;
    mgeo_link *links = array_of(4 * (size_t)STEPS + 1, sizeof *links);
    mgeo_member *members = array_of(rows, sizeof *members);
    size_t count = 0;
    links[count++] = graph_link(0, 1, 1e9F);
    for (uint64_t i = 0; i < STEPS; i++) {
        const uint64_t step = 2 + 2 * i;
        links[count++] = graph_link(0, step, 0.8F);
        links[count++] = graph_link(1, step, -0.2F);
        links[count++] = graph_link(step, step + 1, 0.8F);
        if (i > 0) links[count++] = graph_link(step, step - 1, 0.79F);
    }
    const mgeo_cluster_options options = {
        .struct_size = sizeof options, .threshold = 0.8F, .least_link = 0.5F, .max_size = 1 << 30};
    assert_int_equal(mgi_cluster(links, count, rows, &options, members, NULL), MGEO_OK);
    assert_int_equal(members[1].cluster, 0);
    assert_int_equal(members[0].size, 2);
    for (uint64_t row = 2; row < rows; row++) assert_int_equal(members[row].size, 1);
    free(links);
    free(members);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_of_many_sources_grows_row_by_row),
        cmocka_unit_test(two_clusters_are_refused_to_be_one_many_times),
        cmocka_unit_test(steps_that_fall_one_after_the_other_all_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
