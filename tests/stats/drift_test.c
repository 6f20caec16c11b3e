/* SPDX-License-Identifier: Apache-2.0 */
/* Bins of similarities, and the stability index against values worked out by hand. */
#include "stats/drift.h"
#include "support/check.h"

#include <math.h>

static void assert_near(double found, double expected, double slack) {
    assert_true(fabs(found - expected) <= slack);
}

static void test_every_similarity_has_its_bin(void **state) {
    (void)state;
    assert_int_equal(mgi_drift_bin(0), 0);
    assert_int_equal(mgi_drift_bin(0.0099F), 0);
    assert_int_equal(mgi_drift_bin(0.5F), 50);
    assert_int_equal(mgi_drift_bin(0.999F), 99);
    assert_int_equal(mgi_drift_bin(nextafterf(1, 0)), 99);
    assert_int_equal(mgi_drift_bin(1), 99);
    assert_int_equal(mgi_drift_bin(-0.5F), 0);
    assert_int_equal(mgi_drift_bin(1.5F), 99);
    assert_int_equal(mgi_drift_bin(NAN), 0);
}

typedef struct bins {
    uint64_t of[MGI_DRIFT_BINS];
} bins;

static void test_the_index_of_like_sides_is_zero(void **state) {
    (void)state;
    bins expected = {0};
    bins ten_times = {0};
    for (unsigned i = 0; i < MGI_DRIFT_BINS; i++) {
        expected.of[i] = 1000 + 37 * i;
        ten_times.of[i] = 10 * expected.of[i];
    }
    assert_near(mgi_drift_index(expected.of, expected.of), 0, 1e-12);
    assert_near(mgi_drift_index(expected.of, ten_times.of), 0, 1e-6);
}

/* Two bins: (0.2 - 0.5) ln(0.2/0.5) + (0.8 - 0.5) ln(0.8/0.5) = 0.4159. */
static void test_the_index_is_as_worked_by_hand(void **state) {
    (void)state;
    bins expected = {.of = {[10] = 500000, [90] = 500000}};
    bins actual = {.of = {[10] = 200000, [90] = 800000}};
    assert_near(mgi_drift_index(expected.of, actual.of), 0.415888, 1e-4);
    assert_near(mgi_drift_index(actual.of, expected.of), 0.415888, 1e-4);
}

/* Half a row each: with 2 and 2 rows in two bins, (2.5/3 - 0.5/3) ln(2.5/0.5), twice. */
static void test_half_a_row_is_added_to_each_bin(void **state) {
    (void)state;
    bins expected = {.of = {[0] = 2}};
    bins actual = {.of = {[99] = 2}};
    double by_hand = 2 * (2.0 / 3) * log(5);
    assert_near(mgi_drift_index(expected.of, actual.of), by_hand, 1e-12);
}

/* Bins of one in a hundred each: noise within ten of them is not seen, a shift between them is. */
static void test_small_bins_are_joined(void **state) {
    (void)state;
    bins expected = {0};
    bins noisy = {0};
    bins shifted = {0};
    for (unsigned i = 0; i < MGI_DRIFT_BINS; i++) {
        expected.of[i] = 100;
        noisy.of[i] = i % 2 == 0 ? 130 : 70;
        shifted.of[i] = i < 50 ? 130 : 70;
    }
    assert_true(mgi_drift_index(expected.of, noisy.of) < 0.001);
    assert_true(mgi_drift_index(expected.of, shifted.of) > 0.08);
}

/* Where nearly all pairs score alike, those that leave are not joined with those that stay. */
static void test_a_full_bin_is_not_joined(void **state) {
    (void)state;
    bins at_the_end = {.of = {[20] = 10, [30] = 10, [99] = 980}};
    bins fewer = {.of = {[20] = 60, [30] = 60, [99] = 880}};
    assert_true(mgi_drift_index(at_the_end.of, fewer.of) > 0.15);
    bins at_the_start = {.of = {[0] = 980, [70] = 10, [80] = 10}};
    bins less = {.of = {[0] = 880, [70] = 60, [80] = 60}};
    assert_true(mgi_drift_index(at_the_start.of, less.of) > 0.15);
}

static void test_without_rows_there_is_no_index(void **state) {
    (void)state;
    bins none = {0};
    bins some = {.of = {[3] = 1}};
    assert_true(isnan(mgi_drift_index(none.of, some.of)));
    assert_true(isnan(mgi_drift_index(some.of, none.of)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_similarity_has_its_bin),
        cmocka_unit_test(test_the_index_of_like_sides_is_zero),
        cmocka_unit_test(test_the_index_is_as_worked_by_hand),
        cmocka_unit_test(test_half_a_row_is_added_to_each_bin),
        cmocka_unit_test(test_small_bins_are_joined),
        cmocka_unit_test(test_a_full_bin_is_not_joined),
        cmocka_unit_test(test_without_rows_there_is_no_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
