/* SPDX-License-Identifier: Apache-2.0 */
/* A runner whose device fails, is lost or has too little memory: who is told, and who goes on. */
#define _GNU_SOURCE
#include "runner_fixture.h"

#include <string.h>

/* ---- failures -------------------------------------------------------------------------------- */

static void test_a_failure_fails_its_calls_only(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 64);
    static caller first, second;
    test_threads threads = {0};
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    controllable_hold(true);
    start_caller(&threads, &first, runner, 0, 1);
    controllable_await_waiting(1);
    start_caller(&threads, &second, runner, 10, 5);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(first.a.status, MGEO_E_DEVICE);
    assert_non_null(strstr(first.a.error.message, "told to fail"));
    check_skipped(&first.a, 0);
    assert_int_equal(second.a.status, MGEO_OK);
    for (size_t i = 0; i < 5; i++) check_scored(&second.a, 10, i);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.failed_calls, 1);
    assert_int_equal(stats.bad_rows, 1);
    mgi_runner_destroy(runner);
}

static void fail_in_the_middle(mgeo_status status, uint32_t queue_rows) {
    mgi_runner *runner = make_runner(2, queue_rows, 64);
    static results a;
    prepare(&a);
    controllable_fail_runs(5, 1, status);
    assert_int_equal(score(runner, 0, MAX_PAIRS, &a), status);
    size_t skipped = 0;
    for (size_t i = 0; i < MAX_PAIRS; i++) {
        if (is_skipped(&a, i)) {
            check_skipped(&a, i);
            skipped++;
        } else {
            check_scored(&a, 0, i);
        }
    }
    assert_in_range(skipped, 1, MAX_PAIRS - 4);
    assert_int_equal(a.scores.bad_rows, skipped);
    prepare(&a); /* the next call is answered */
    assert_int_equal(score(runner, 0, 50, &a), MGEO_OK);
    for (size_t i = 0; i < 50; i++) check_scored(&a, 0, i);
    mgi_runner_destroy(runner);
}

static void test_rows_scored_before_a_failure_stay(void **state) {
    (void)state;
    fail_in_the_middle(MGEO_E_DEVICE, 4096);
    controllable_reset();
    fail_in_the_middle(MGEO_E_INTERNAL, 8);
}

static void test_a_lost_device_may_come_back(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    static results a;
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    controllable_fail_lanes(true);
    for (int i = 0; i < 3; i++) {
        prepare(&a);
        assert_int_equal(score(runner, 0, 2, &a), MGEO_E_DEVICE);
    }
    assert_non_null(strstr(a.error.message, "no lane"));
    assert_non_null(strstr(a.error.message, "load a model on another device and swap, or roll"));
    assert_false(mgi_runner_healthy(runner));
    controllable_fail_lanes(false);
    prepare(&a);
    assert_int_equal(score(runner, 0, 2, &a), MGEO_OK);
    assert_true(mgi_runner_healthy(runner));
    mgi_runner_destroy(runner);
}

static void test_a_device_that_opens_again_stays_healthy(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    static results a;
    prepare(&a);
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    assert_int_equal(score(runner, 0, 2, &a), MGEO_E_DEVICE);
    assert_non_null(strstr(a.error.message, "call once more"));
    assert_true(mgi_runner_healthy(runner));
    prepare(&a);
    assert_int_equal(score(runner, 0, 2, &a), MGEO_OK);
    mgi_runner_destroy(runner);
}

/* A worker whose lane is lost and does not open does not make the device a failed one. */
static void test_an_answer_shows_a_healthy_device(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 16, 64);
    static caller one;
    static results a;
    test_threads threads = {0};
    controllable_hold(true);
    start_caller(&threads, &one, runner, 0, 1);
    controllable_await_waiting(1);
    controllable_let_pass(1);
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    controllable_fail_lanes(true);
    prepare(&a);
    assert_int_equal(score(runner, 10, 1, &a), MGEO_E_DEVICE);
    assert_false(mgi_runner_healthy(runner));
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(one.a.status, MGEO_OK);
    assert_true(mgi_runner_healthy(runner));
    mgi_runner_destroy(runner);
}

/* Every batch is packed once, counted once and answered whole, in however many parts. */
static void test_too_little_memory_halves_batches(void **state) {
    (void)state;
    static results a;
    for (uint32_t most = 1; most < 12; most += 3) {
        controllable_reset();
        mgi_runner *runner = make_runner(2, 4096, 512);
        controllable_limit_rows(most);
        prepare(&a);
        if (score(runner, 0, MAX_PAIRS, &a) != MGEO_OK) fail_msg("%s", a.error.message);
        for (size_t i = 0; i < MAX_PAIRS; i++) check_scored(&a, 0, i);
        mgeo_stats stats = {0};
        mgi_runner_stats(runner, &stats);
        assert_int_equal(stats.pairs, MAX_PAIRS);
        assert_int_equal(stats.bad_rows, 0);
        assert_int_equal(stats.tokens, a.scores.tokens);
        assert_true(stats.batch_rows_max > most);
        assert_true(controllable_runs(NULL, 0) > stats.batches);
        mgi_runner_destroy(runner);
    }
}

/* One batch of rows by three callers; one row, alone, is still too much. */
static void test_a_row_too_large_fails_its_call_alone(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static caller callers[4];
    test_threads threads = {0};
    controllable_hold(true);
    start_caller(&threads, &callers[3], runner, 90, 1); /* keeps the worker busy */
    controllable_await_waiting(1);
    for (size_t i = 0; i < 3; i++) start_caller(&threads, &callers[i], runner, 10 * i, 2);
    await_queued(runner, 6);
    controllable_fail_runs(1, 3, MGEO_E_MEMORY); /* all six, the first three, the first */
    controllable_hold(false);
    test_threads_join(&threads);
    size_t failed = 0;
    for (size_t i = 0; i < 3; i++) {
        if (callers[i].a.status == MGEO_OK) {
            for (size_t row = 0; row < 2; row++) check_scored(&callers[i].a, 10 * i, row);
            continue;
        }
        failed++;
        assert_int_equal(callers[i].a.status, MGEO_E_MEMORY);
        assert_int_equal(callers[i].a.scores.bad_rows, 1);
        size_t skipped = is_skipped(&callers[i].a, 0) ? 0 : 1;
        check_skipped(&callers[i].a, skipped);
        check_scored(&callers[i].a, 10 * i, 1 - skipped);
    }
    assert_int_equal(failed, 1);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.failed_calls, 1);
    assert_int_equal(stats.bad_rows, 1);
    assert_int_equal(stats.pairs, 6);
    assert_int_equal(stats.batches, 2);
    mgi_runner_destroy(runner);
}

/* The first half is answered, the device is lost with the second. */
static void test_a_device_lost_between_two_parts_skips_the_rest(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static results a;
    prepare(&a);
    controllable_limit_rows(4);
    controllable_fail_runs(3, 1, MGEO_E_DEVICE);
    controllable_fail_lanes(true);
    assert_int_equal(score(runner, 0, 8, &a), MGEO_E_DEVICE);
    size_t skipped = 0;
    for (size_t i = 0; i < 8; i++) skipped += is_skipped(&a, i);
    assert_int_equal(skipped, 4);
    assert_int_equal(a.scores.bad_rows, 4);
    controllable_fail_lanes(false);
    prepare(&a);
    assert_int_equal(score(runner, 0, 8, &a), MGEO_OK);
    mgi_runner_destroy(runner);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_failure_fails_its_calls_only),
        TEST(test_rows_scored_before_a_failure_stay),
        TEST(test_a_lost_device_may_come_back),
        TEST(test_a_device_that_opens_again_stays_healthy),
        TEST(test_an_answer_shows_a_healthy_device),
        TEST(test_too_little_memory_halves_batches),
        TEST(test_a_row_too_large_fails_its_call_alone),
        TEST(test_a_device_lost_between_two_parts_skips_the_rest),
    };
    return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
