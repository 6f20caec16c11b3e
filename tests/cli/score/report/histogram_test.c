/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles from bins against those of the sorted values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "score/report/histogram.h"

static struct histogram histogram;

static int empty(void **state) {
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    return 0;
}

static void has_no_quantiles_without_values(void **state) {
    (void)state;
    assert_true(isnan(histogram_quantile(&histogram, 0.5)));
    assert_true(isnan(histogram_mean(&histogram)));
}

static void keeps_one_value(void **state) {
    (void)state;
    histogram_add(&histogram, 0.123456);
    assert_true(histogram_quantile(&histogram, 0.01) == 0.123456);
    assert_true(histogram_quantile(&histogram, 0.99) == 0.123456);
}

static void keeps_the_ends(void **state) {
    (void)state;
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 1);
    histogram_add(&histogram, 7);
    assert_true(histogram.most == 1);
    assert_true(histogram_quantile(&histogram, 0) == 0);
    assert_true(histogram_quantile(&histogram, 1) == 1);
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static void is_close_to_sorting(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    static double values[COUNT];
    uint64_t seed = 7;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double even = (double)(seed >> 11) / 9007199254740992.0;
        values[i] = even * even;
        histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof *values, ascending);
    static const double shares[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double exact = values[(int)ceil(shares[i] * COUNT) - 1];
        assert_true(fabs(histogram_quantile(&histogram, shares[i]) - exact) <=
                    1.0 / HISTOGRAM_BINS);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_no_quantiles_without_values, empty),
        cmocka_unit_test_setup(keeps_one_value, empty),
        cmocka_unit_test_setup(keeps_the_ends, empty),
        cmocka_unit_test_setup(is_close_to_sorting, empty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
