/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo_cluster as programs see it: options of their own size, and what is refused. */
#include <mgeo.h>

#include "support/check.h"

#include <math.h>
#include <string.h>

static const mgeo_link links[] = {{.a = 0, .b = 1, .score = 0.9F}, {.a = 1, .b = 2, .score = -1}};

static void without_options_all_links_from_zero_count(void **state) {
    (void)state;
    mgeo_member members[3];
    mgeo_error error;
    assert_int_equal(mgeo_cluster(links, 2, 3, NULL, members, &error), MGEO_OK);
    assert_int_equal(members[1].cluster, 0);
    assert_int_equal(members[2].cluster, 2);
    assert_string_equal(error.message, "");
}

static void expect_refusal(const mgeo_cluster_options *options, const char *line) {
    mgeo_member members[3];
    mgeo_error error;
    assert_int_equal(mgeo_cluster(links, 2, 3, options, members, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, line));
}

static void options_that_make_no_sense_are_refused(void **state) {
    (void)state;
    const mgeo_cluster_options good = {.struct_size = sizeof good, .threshold = 0.5F};
    mgeo_cluster_options bad = good;
    bad.threshold = NAN;
    expect_refusal(&bad, "threshold");
    bad = good;
    bad.least_link = INFINITY;
    expect_refusal(&bad, "least_link");
    bad = good;
    bad.cut = 3;
    expect_refusal(&bad, "cut is 3: not an mgeo_cut");
    bad = good;
    bad.one_to_one = 2;
    expect_refusal(&bad, "one_to_one is 2: 0 or 1");
    bad.one_to_one = 1;
    expect_refusal(&bad, "source is NULL");
    bad = good;
    bad.cut = MGEO_CUT_NONE;
    bad.max_size = 4;
    expect_refusal(&bad, "choose a cut");
    bad = good;
    bad.struct_size = 4;
    expect_refusal(&bad, "struct_size");
    bad = good;
    bad.reserved = 1;
    expect_refusal(&bad, "reserved is not 0");
}

static void a_link_with_something_reserved_is_refused(void **state) {
    (void)state;
    const mgeo_link later[] = {{.a = 0, .b = 1, .score = 1}, {.a = 1, .b = 2, .reserved = 7}};
    mgeo_member members[3];
    mgeo_error error;
    assert_int_equal(mgeo_cluster(later, 2, 3, NULL, members, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, "links[1].reserved is not 0");
}

static void what_is_missing_is_named(void **state) {
    (void)state;
    mgeo_member members[3];
    mgeo_error error;
    assert_int_equal(mgeo_cluster(NULL, 2, 3, NULL, members, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, "links is NULL");
    assert_int_equal(mgeo_cluster(links, 2, 3, NULL, NULL, &error), MGEO_E_ARGUMENT);
    assert_string_equal(error.message, "members is NULL");
    assert_int_equal(mgeo_cluster(links, SIZE_MAX, 3, NULL, members, &error), MGEO_E_ARGUMENT);
    assert_int_equal(mgeo_cluster(NULL, 0, 0, NULL, NULL, NULL), MGEO_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_all_links_from_zero_count),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(a_link_with_something_reserved_is_refused),
        cmocka_unit_test(what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
