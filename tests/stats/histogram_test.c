/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets: every duration lies in the bucket whose edges hold it; quantiles are those of the sorted
 * durations, to a bucket. */
#include "stats/histogram.h"
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

static void assert_near(double found, double expected, double slack) {
    assert_true(fabs(found - expected) <= slack);
}

static void test_edges_and_buckets_agree(void **state) {
    (void)state;
    for (unsigned i = 0; i < MGI_HISTOGRAM_BUCKETS; i++) {
        uint64_t from = mgi_histogram_from(i);
        uint64_t to = mgi_histogram_from(i + 1);
        assert_true(from < to);
        assert_int_equal(mgi_histogram_bucket(from), i);
        assert_int_equal(mgi_histogram_bucket(to - 1), i);
    }
}

static void test_doublings_begin_at_powers_of_two(void **state) {
    (void)state;
    assert_int_equal(mgi_histogram_from(1), 1000);
    for (unsigned d = 0; d < 32; d++) {
        assert_int_equal(mgi_histogram_from(1 + 16 * d), UINT64_C(1000) << d);
        assert_int_equal(mgi_histogram_from(1 + 16 * d + 8), UINT64_C(1500) << d);
    }
}

static void test_ends_take_all_that_lies_beyond(void **state) {
    (void)state;
    assert_int_equal(mgi_histogram_bucket(0), 0);
    assert_int_equal(mgi_histogram_bucket(999), 0);
    assert_int_equal(mgi_histogram_bucket(1000), 1);
    assert_int_equal(mgi_histogram_bucket(UINT64_MAX), MGI_HISTOGRAM_BUCKETS - 1);
    uint64_t hour = UINT64_C(3600) * 1000000000;
    assert_true(mgi_histogram_bucket(hour) < MGI_HISTOGRAM_BUCKETS - 1);
}

static void test_empty_histogram_has_no_quantiles(void **state) {
    (void)state;
    mgi_histogram histogram = {.sum_nanoseconds = 0};
    assert_int_equal(mgi_histogram_count(&histogram), 0);
    assert_near(mgi_histogram_quantile(&histogram, 0.5), 0, 0);
}

static void test_quantiles_are_of_the_nearest_rank(void **state) {
    (void)state;
    mgi_histogram histogram = {.sum_nanoseconds = 0};
    for (int i = 0; i < 99; i++) histogram.bucket[mgi_histogram_bucket(2000000)]++;
    histogram.bucket[mgi_histogram_bucket(UINT64_C(4000000000))]++;
    assert_int_equal(mgi_histogram_count(&histogram), 100);
    assert_near(mgi_histogram_quantile(&histogram, 0), 0.002, 0.002 * 0.04);
    assert_near(mgi_histogram_quantile(&histogram, 0.99), 0.002, 0.002 * 0.04);
    assert_near(mgi_histogram_quantile(&histogram, 0.991), 4, 4 * 0.04);
    assert_near(mgi_histogram_quantile(&histogram, 1), 4, 4 * 0.04);
}

static int compare_durations(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Durations over seven powers of ten; the middle of a bucket is never 3.2% away. */
static void test_quantiles_of_many_durations_are_within_the_error(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static uint64_t durations[COUNT];
    mgi_histogram histogram = {.sum_nanoseconds = 0};
    uint64_t seed = 11;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        durations[i] = (uint64_t)(1000 * pow(10, 7 * (double)(seed >> 40) / (1 << 24)));
        histogram.bucket[mgi_histogram_bucket(durations[i])]++;
    }
    qsort(durations, COUNT, sizeof *durations, compare_durations);
    const double quantiles[] = {0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1};
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        int rank = (int)ceil(quantiles[i] * COUNT);
        double exact = 1e-9 * (double)durations[rank > 0 ? rank - 1 : 0];
        double found = mgi_histogram_quantile(&histogram, quantiles[i]);
        assert_true(fabs(found - exact) <= exact * 0.032);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges_and_buckets_agree),
        cmocka_unit_test(test_doublings_begin_at_powers_of_two),
        cmocka_unit_test(test_ends_take_all_that_lies_beyond),
        cmocka_unit_test(test_empty_histogram_has_no_quantiles),
        cmocka_unit_test(test_quantiles_are_of_the_nearest_rank),
        cmocka_unit_test(test_quantiles_of_many_durations_are_within_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
