/* SPDX-License-Identifier: Apache-2.0 */
/* When a rate counts as held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "loadtest/search.h"

enum { MS = 1000000 };

static struct trial_stats stats;

static int empty(void **state) {
    (void)state;
    memset(&stats, 0, sizeof stats);
    return 0;
}

static void answer(int calls, uint64_t milliseconds) {
    for (int i = 0; i < calls; i++) latency_add(&stats.all, milliseconds * MS);
}

static void one_in_a_hundred_may_be_late(void **state) {
    (void)state;
    answer(990, 5);
    answer(10, 50);
    assert_true(search_held(&stats, 6));
    answer(10, 50);
    assert_false(search_held(&stats, 6));
    assert_true(search_held(&stats, 51));
}

static void calls_not_begun_are_late(void **state) {
    (void)state;
    answer(1000, 5);
    stats.not_begun = 5;
    assert_true(search_held(&stats, 6));
    stats.not_begun = 20;
    assert_false(search_held(&stats, 6));
}

static void late_and_not_begun_add_up(void **state) {
    (void)state;
    answer(993, 5);
    answer(7, 50);
    assert_true(search_held(&stats, 6));
    stats.not_begun = 7;
    assert_false(search_held(&stats, 6));
}

static void a_failure_or_no_call_holds_nothing(void **state) {
    (void)state;
    assert_false(search_held(&stats, 1000));
    answer(1000, 5);
    stats.failed = 1;
    assert_false(search_held(&stats, 1000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_in_a_hundred_may_be_late, empty),
        cmocka_unit_test_setup(calls_not_begun_are_late, empty),
        cmocka_unit_test_setup(late_and_not_begun_add_up, empty),
        cmocka_unit_test_setup(a_failure_or_no_call_holds_nothing, empty)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
