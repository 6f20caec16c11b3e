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

#include "loadtest/load/latency.h"

static struct latency latency, other;

static int empty(void **state) {
    (void)state;
    memset(&latency, 0, sizeof latency);
    memset(&other, 0, sizeof other);
    return 0;
}

static void has_no_quantiles_without_calls(void **state) {
    (void)state;
    assert_true(isnan(latency_quantile(&latency, 0.5)));
    assert_true(isnan(latency_mean(&latency)));
    assert_true(isnan(latency_most(&latency)));
}

static void keeps_one_value(void **state) {
    (void)state;
    latency_add(&latency, 1234567);
    assert_true(latency_quantile(&latency, 0.01) == 1.234567);
    assert_true(latency_quantile(&latency, 0.99) == 1.234567);
    assert_true(latency_mean(&latency) == 1.234567);
}

static void bins_follow_one_another(void **state) {
    (void)state;
    for (unsigned bin = 0; bin + 1 < LATENCY_BINS; bin++) {
        uint64_t floor = latency_floor(bin), next = latency_floor(bin + 1);
        assert_true(next > floor);
        assert_int_equal(latency_bin(floor), bin);
        assert_int_equal(latency_bin(next - 1), bin);
        assert_true((next - floor) * 64 <= floor || next - floor == 1);
    }
}

static void holds_what_is_too_long(void **state) {
    (void)state;
    latency_add(&latency, UINT64_MAX / 2);
    latency_add(&latency, 1);
    assert_int_equal(latency_bin(UINT64_MAX), LATENCY_BINS - 1);
    assert_true(latency_quantile(&latency, 1) == (double)(UINT64_MAX / 2) / 1e6);
    assert_true(fabs(latency_quantile(&latency, 0.5) - 1.5e-6) < 1e-9); /* the bin of 1 ns */
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static void is_within_one_percent(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static double values[COUNT];
    uint64_t seed = 7;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double even = (double)(seed >> 11) / 9007199254740992.0;
        uint64_t nanoseconds = (uint64_t)exp(8 + 12 * even); /* 3 µs to 0.5 s */
        values[i] = (double)nanoseconds * 1e-6;
        latency_add(i % 2 == 0 ? &latency : &other, nanoseconds);
    }
    latency_merge(&latency, &other);
    assert_int_equal(latency.count, COUNT);
    qsort(values, COUNT, sizeof *values, ascending);
    static const double shares[] = {0.001, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double exact = values[(int)ceil(shares[i] * COUNT) - 1];
        assert_true(fabs(latency_quantile(&latency, shares[i]) - exact) <= 0.01 * exact);
    }
    assert_true(latency_most(&latency) == values[COUNT - 1]);
}

static void merging_nothing_changes_nothing(void **state) {
    (void)state;
    latency_add(&latency, 5000);
    struct latency before = latency;
    latency_merge(&latency, &other);
    assert_memory_equal(&before, &latency, sizeof latency);
    latency_merge(&other, &latency);
    assert_memory_equal(&other, &latency, sizeof latency);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_no_quantiles_without_calls, empty),
        cmocka_unit_test_setup(keeps_one_value, empty),
        cmocka_unit_test_setup(bins_follow_one_another, empty),
        cmocka_unit_test_setup(holds_what_is_too_long, empty),
        cmocka_unit_test_setup(is_within_one_percent, empty),
        cmocka_unit_test_setup(merging_nothing_changes_nothing, empty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
