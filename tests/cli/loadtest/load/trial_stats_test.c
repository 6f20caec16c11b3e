/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps between answers and blocks against blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "loadtest/load/trial_stats.h"

enum { MS = 1000000 };

static struct recorder_grid grid;
static struct recorder recorder;
static struct trial_stats stats;
static const struct trial_stats_verdicts none = {0, 0, 0};

static int begin(void **state) {
    (void)state;
    grid = (struct recorder_grid){.warm = 0, .end = 8000 * (uint64_t)MS};
    recorder_grid_divide(&grid, 1000 * (uint64_t)MS);
    recorder_init(&recorder, &grid);
    trial_stats_init(&stats, &grid);
    return 0;
}

static int end(void **state) {
    (void)state;
    recorder_finish(&recorder);
    trial_stats_finish(&stats);
    return 0;
}

static void answer(uint64_t due_ms, uint64_t took_ms) {
    struct recorder_call call = {.due = due_ms * MS,
                                 .begun = due_ms * MS,
                                 .ended = (due_ms + took_ms) * MS,
                                 .generation = 1,
                                 .pairs = 1};
    recorder_answered(&recorder, &call);
}

static void finds_the_longest_gap(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 8000; i += 10) {
        if (i < 3000 || i > 3500) answer(i, 1);
    }
    trial_stats_add(&stats, &recorder, &none);
    trial_stats_close(&stats, 8, 0);
    assert_true(fabs(stats.gap - 0.52) < 0.001);
}

static void silence_at_the_end_is_a_gap(void **state) {
    (void)state;
    answer(0, 100);
    answer(200, 100);
    trial_stats_add(&stats, &recorder, &none);
    trial_stats_close(&stats, 8, 0);
    assert_true(fabs(stats.gap - 7.7) < 0.001);
}

/* Calls take 10 ms in blocks without events and 20 ms in those with: 1, 2, 5 and 6 of 0 to 7. */
static void tells_blocks_apart(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 8000; i += 20) {
        uint64_t block = i / 1000 % 4;
        answer(i, block == 1 || block == 2 ? 20 : 10);
    }
    trial_stats_add(&stats, &recorder, &none);
    trial_stats_close(&stats, 8, 1000 * (uint64_t)MS);
    assert_int_equal(stats.comparison.pairs, 4);
    assert_int_equal(stats.comparison.with.count, 200);
    assert_int_equal(stats.comparison.without.count, 200);
    assert_true(fabs(stats.comparison.median - 2) < 0.03);
    assert_true(stats.comparison.low <= stats.comparison.median);
    assert_true(stats.comparison.high >= stats.comparison.median);
    assert_true(stats.comparison.with.least == 20 * (uint64_t)MS);
    assert_true(stats.comparison.without.most == 10 * (uint64_t)MS);
}

static void a_run_that_ended_early_has_fewer_blocks(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 3500; i += 20) answer(i, 10);
    trial_stats_add(&stats, &recorder, &none);
    trial_stats_close(&stats, 3.5, 1000 * (uint64_t)MS);
    assert_int_equal(stats.comparison.pairs, 1);
    assert_int_equal(stats.comparison.with.count, 50);
}

static void adds_callers_up(void **state) {
    (void)state;
    answer(0, 10);
    recorder_failed(&recorder, 10, "gone");
    struct trial_stats_verdicts verdicts = {5, 2, 1};
    trial_stats_add(&stats, &recorder, &verdicts);
    trial_stats_add(&stats, &recorder, &verdicts);
    trial_stats_close(&stats, 2, 0);
    assert_int_equal(stats.calls, 4);
    assert_int_equal(stats.failed, 2);
    assert_int_equal(stats.generations[1], 2);
    assert_string_equal(stats.reason, "gone");
    assert_int_equal(stats.verdicts.mixed, 2);
    assert_true(trial_stats_call_rate(&stats) == 1);
    assert_true(isnan(stats.comparison.median));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(finds_the_longest_gap), CASE(silence_at_the_end_is_a_gap), CASE(tells_blocks_apart),
        CASE(a_run_that_ended_early_has_fewer_blocks), CASE(adds_callers_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
