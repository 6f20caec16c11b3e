/* SPDX-License-Identifier: Apache-2.0 */
/* When events are due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loadtest/load/event_scheduler.h"

enum { MS = 1000000 };

static void events_begin_after_half_a_period(void **state) {
    (void)state;
    struct event_scheduler scheduler = {.warm = 1000 * (uint64_t)MS, .end = 4000 * (uint64_t)MS};
    uint64_t due = event_scheduler_due(&scheduler, 1, 0);
    assert_int_equal(due, 1500 * (uint64_t)MS);
    due = event_scheduler_due(&scheduler, 1, due);
    assert_int_equal(due, 2500 * (uint64_t)MS);
    due = event_scheduler_due(&scheduler, 1, due);
    assert_int_equal(due, 3500 * (uint64_t)MS);
    assert_true(event_scheduler_due(&scheduler, 1, due) == UINT64_MAX);
}

static void what_was_missed_is_left_out(void **state) {
    (void)state;
    struct event_scheduler scheduler = {.warm = 0, .end = 10000 * (uint64_t)MS};
    assert_int_equal(event_scheduler_due(&scheduler, 1, 3600 * (uint64_t)MS), 4500 * (uint64_t)MS);
}

static void no_period_means_never(void **state) {
    (void)state;
    struct event_scheduler scheduler = {.warm = 0, .end = 10000 * (uint64_t)MS};
    assert_true(event_scheduler_due(&scheduler, 0, 0) == UINT64_MAX);
    assert_true(event_scheduler_due(&scheduler, 60, 0) == UINT64_MAX);
}

static void only_every_other_block_has_events(void **state) {
    (void)state;
    uint64_t block = 500 * (uint64_t)MS;
    struct event_scheduler scheduler = {
        .warm = 100 * (uint64_t)MS, .end = 100 * (uint64_t)MS + 8 * block, .block = block};
    unsigned in_block[8] = {0};
    uint64_t due = 0;
    while ((due = event_scheduler_due(&scheduler, 0.1, due)) != UINT64_MAX) {
        in_block[(due - scheduler.warm) / block]++;
    }
    static const unsigned expected[8] = {0, 5, 5, 0, 0, 5, 5, 0};
    assert_memory_equal(in_block, expected, sizeof expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(events_begin_after_half_a_period),
                                       cmocka_unit_test(what_was_missed_is_left_out),
                                       cmocka_unit_test(no_period_means_never),
                                       cmocka_unit_test(only_every_other_block_has_events)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
