/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of an open loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "loadtest/load/arrivals.h"

static void constant_calls_are_evenly_spaced(void **state) {
    (void)state;
    struct arrivals arrivals;
    arrivals_init(&arrivals, ARRIVALS_CONSTANT, 250, 1);
    assert_int_equal(arrivals_due(&arrivals, 0), 0);
    assert_int_equal(arrivals_due(&arrivals, 1), 4000000);
    assert_int_equal(arrivals_due(&arrivals, 1000000), 4000000000000);
    arrivals_finish(&arrivals);
}

static void poisson_calls_come_in_order_and_at_the_rate(void **state) {
    (void)state;
    struct arrivals arrivals;
    arrivals_init(&arrivals, ARRIVALS_POISSON, 1000, 1);
    uint64_t before = 0;
    for (uint64_t i = 0; i < 3 * ARRIVAL_GAPS; i++) {
        uint64_t due = arrivals_due(&arrivals, i);
        assert_true(due >= before);
        before = due;
    }
    double whole = (double)arrivals_due(&arrivals, 2 * ARRIVAL_GAPS);
    assert_true(fabs(whole - 2.0 * ARRIVAL_GAPS * 1e6) < 10);
    arrivals_finish(&arrivals);
}

/* Gaps of an exponential distribution: mean and standard deviation are equal, and a share 1/e is
 * longer than the mean. */
static void poisson_gaps_are_exponential(void **state) {
    (void)state;
    struct arrivals arrivals;
    arrivals_init(&arrivals, ARRIVALS_POISSON, 1e6, 3);
    double squares = 0, longer = 0;
    for (uint64_t i = 0; i < ARRIVAL_GAPS; i++) {
        double gap = (double)(arrivals_due(&arrivals, i + 1) - arrivals_due(&arrivals, i)) / 1000.0;
        squares += (gap - 1) * (gap - 1);
        longer += gap > 1;
    }
    assert_true(fabs(sqrt(squares / ARRIVAL_GAPS) - 1) < 0.02);
    assert_true(fabs(longer / ARRIVAL_GAPS - exp(-1)) < 0.01);
    arrivals_finish(&arrivals);
}

static void seeds_tell_schedules_apart(void **state) {
    (void)state;
    struct arrivals one, same, other;
    arrivals_init(&one, ARRIVALS_POISSON, 1000, 1);
    arrivals_init(&same, ARRIVALS_POISSON, 1000, 1);
    arrivals_init(&other, ARRIVALS_POISSON, 1000, 2);
    assert_int_equal(arrivals_due(&one, 777), arrivals_due(&same, 777));
    assert_int_not_equal(arrivals_due(&one, 777), arrivals_due(&other, 777));
    arrivals_finish(&one);
    arrivals_finish(&same);
    arrivals_finish(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_calls_are_evenly_spaced),
        cmocka_unit_test(poisson_calls_come_in_order_and_at_the_rate),
        cmocka_unit_test(poisson_gaps_are_exponential),
        cmocka_unit_test(seeds_tell_schedules_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
