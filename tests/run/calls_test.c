/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a runner: several at once, one in its own thread, and those that are cancelled. */
#define _GNU_SOURCE
#include "runner_fixture.h"

#include "core/alloc.h"
#include "core/clock.h"

/* ---- calls at once --------------------------------------------------------------------------- */

static void test_few_rows_are_shared_by_idle_workers(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 64, 512);
    static caller one;
    test_threads threads = {0};
    controllable_hold(true);
    start_caller(&threads, &one, runner, 0, 8);
    controllable_await_waiting(2);
    controllable_hold(false);
    test_threads_join(&threads);
    controllable_run runs[2];
    assert_int_equal(controllable_runs(runs, 2), 2);
    assert_int_equal(runs[0].rows + runs[1].rows, 8);
    for (int i = 0; i < 2; i++) {
        assert_in_range(runs[i].rows, 3, 5); /* of unlike lengths: half of the tokens */
        assert_int_equal(runs[i].cores, 1);
    }
    mgi_runner_destroy(runner);
}

static void test_callers_share_batches(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static caller callers[9];
    test_threads threads = {0};
    controllable_hold(true);
    start_caller(&threads, &callers[0], runner, 0, 1);
    controllable_await_waiting(1);
    for (int i = 1; i < 9; i++) start_caller(&threads, &callers[i], runner, (size_t)i, 1);
    await_queued(runner, 8);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.calls_in_flight, 9);
    controllable_hold(false);
    test_threads_join(&threads);
    controllable_run runs[2];
    assert_int_equal(controllable_runs(runs, 2), 2);
    assert_int_equal(runs[1].rows, 8);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(callers[i].a.status, MGEO_OK);
        check_scored(&callers[i].a, (size_t)i, 0);
    }
    mgi_runner_destroy(runner);
}

/* The pool has two threads, and both work on the first call's row. */
static void test_a_second_caller_gets_a_thread_that_helps_the_first(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 64, 512);
    static caller first, second;
    test_threads threads = {0};
    controllable_want_teams(true);
    controllable_hold(true);
    start_caller(&threads, &first, runner, 0, 1);
    controllable_await_waiting(1);
    controllable_let_pass(1);
    start_caller(&threads, &second, runner, 1, 1);
    while (!atomic_load(&second.returned)) test_sleep(1);
    assert_false(atomic_load(&first.returned));
    controllable_hold(false);
    test_threads_join(&threads);
    controllable_run runs[2];
    assert_int_equal(controllable_runs(runs, 2), 2);
    assert_int_equal(runs[0].cores, 1); /* the second call's, which was computed first */
    assert_int_equal(runs[1].cores, 2);
    check_scored(&first.a, 0, 0);
    check_scored(&second.a, 1, 0);
    mgi_runner_destroy(runner);
}

typedef struct many {
    mgi_runner *runner;
    unsigned number;
    atomic_uint *wrong;
} many;

static void *call_often(void *argument) {
    many *m = argument;
    for (unsigned i = 0; i < 400; i++) {
        float similarity[3];
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
        size_t first = (m->number * 37 + i * 11) % (MAX_PAIRS - 3);
        size_t count = 1 + i % 3;
        if (mgi_runner_score(m->runner, mgi_clock_now(), pairs + first, count, &scores, NULL) !=
            MGEO_OK) {
            atomic_fetch_add(m->wrong, 1);
        }
        for (size_t row = 0; row < count; row++) {
            if (similarity[row] != expected[first + row]) atomic_fetch_add(m->wrong, 1);
        }
    }
    return NULL;
}

static void score_thousands_of_small_calls(void) {
    mgi_runner *runner = make_runner(3, 8, 128);
    atomic_uint wrong = 0;
    many callers[16];
    test_threads threads = {0};
    for (unsigned i = 0; i < 16; i++) {
        callers[i] = (many){.runner = runner, .number = i, .wrong = &wrong};
        test_threads_start(&threads, call_often, &callers[i]);
    }
    test_threads_join(&threads);
    assert_int_equal(atomic_load(&wrong), 0);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.calls, 16 * 400);
    assert_int_equal(stats.failed_calls, 0);
    long before = (mgi_alloc_fail_at(0), mgi_alloc_count());
    many again = {.runner = runner, .number = 3, .wrong = &wrong};
    call_often(&again);
    assert_int_equal(mgi_alloc_count(), before); /* a warm runner allocates nothing per call */
    mgi_runner_destroy(runner);
}

static void test_thousands_of_small_calls_are_answered(void **state) {
    (void)state;
    score_thousands_of_small_calls();
    for (uint32_t lanes = 1; lanes <= 3;
         lanes++) { /* where a batch may run in its caller's thread */
        controllable_reset();
        controllable_set_lanes(lanes, 64);
        score_thousands_of_small_calls();
    }
}

/* ---- a caller's own thread ------------------------------------------------------------------- */

static long thread_of_last_run(void) {
    static controllable_run runs[64];
    unsigned count = controllable_runs(runs, 64);
    assert_in_range(count, 1, 64);
    return runs[count - 1].thread;
}

/* Until the first threads of the pool sleep, they may take a call's rows. Returns the calls made.
 */
static unsigned await_inline(mgi_runner *runner) {
    static results a;
    for (unsigned calls = 1; calls <= 1000; calls++) {
        prepare(&a);
        controllable_reset();
        assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
        if (thread_of_last_run() == controllable_own_thread()) {
            controllable_reset();
            return calls;
        }
        test_sleep(5);
    }
    fail_msg("%s", "no call was computed in its own thread");
    return 0;
}

static void test_a_single_call_is_computed_in_its_thread(void **state) {
    (void)state;
    controllable_set_lanes(2, 100);
    mgi_runner *runner = make_runner(4, 64, 512);
    unsigned before = await_inline(runner);
    static results a;
    for (size_t count = 1; count <= 3; count++) {
        prepare(&a);
        assert_int_equal(score(runner, 5, count, &a), MGEO_OK);
        for (size_t i = 0; i < count; i++) check_scored(&a, 5, i);
        assert_int_equal(thread_of_last_run(), controllable_own_thread());
        assert_int_equal(controllable_runs(NULL, 0), count); /* whole */
    }
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    prepare(&a);
    assert_int_equal(score(runner, 0, 1, &a), MGEO_E_DEVICE);
    check_skipped(&a, 0);
    prepare(&a);
    assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.calls, before + 5);
    assert_int_equal(stats.batches, before + 5);
    assert_int_equal(stats.pairs, before + 7);
    assert_int_equal(stats.calls_in_flight, 0);
    mgi_runner_destroy(runner);
}

static void test_a_call_on_a_cpu_is_computed_by_the_pool(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 64, 512);
    static results a;
    prepare(&a);
    assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
    assert_true(thread_of_last_run() != controllable_own_thread());
    mgi_runner_destroy(runner);
}

static void test_concurrent_calls_are_computed_by_the_pool(void **state) {
    (void)state;
    controllable_set_lanes(2, 100);
    mgi_runner *runner = make_runner(1, 64, 512);
    static caller first, second;
    test_threads threads = {0};
    controllable_hold(true);
    start_caller(&threads, &first, runner, 0, 1);
    controllable_await_waiting(1);
    start_caller(&threads, &second, runner, 1, 1);
    controllable_await_waiting(2); /* another lane is free for it */
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(first.a.status, MGEO_OK);
    assert_int_equal(second.a.status, MGEO_OK);
    mgi_runner_destroy(runner);
}

/* The only worker runs a batch in its caller's thread: rows queued meanwhile are computed after. */
static void test_rows_wait_for_the_lane_of_an_inline_batch(void **state) {
    (void)state;
    controllable_set_lanes(1, 100);
    mgi_runner *runner = make_runner(1, 64, 512);
    await_inline(runner);
    static caller callers[5];
    test_threads threads = {0};
    controllable_hold(true);
    start_caller(&threads, &callers[0], runner, 0, 1);
    controllable_await_waiting(1);
    for (size_t i = 1; i < 5; i++) start_caller(&threads, &callers[i], runner, i, 1);
    await_queued(runner, 4);
    controllable_hold(false);
    test_threads_join(&threads);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(callers[i].a.status, MGEO_OK);
        check_scored(&callers[i].a, i, 0);
    }
    assert_int_equal(controllable_runs(NULL, 0), 2);
    mgi_runner_destroy(runner);
}

/* ---- cancellation ---------------------------------------------------------------------------- */

static void cancel_while_held(uint32_t queue_rows) {
    mgi_runner *runner = make_runner(1, queue_rows, 64);
    static caller big;
    test_threads threads = {0};
    controllable_hold(true);
    start_caller(&threads, &big, runner, 0, MAX_PAIRS);
    controllable_await_waiting(1);
    mgeo_progress_cancel(&big.a.progress);
    mgeo_stats stats = {0};
    do {
        test_sleep(1);
        mgi_runner_stats(runner, &stats);
    } while (stats.queued_rows > 0);
    test_sleep(30);
    assert_false(atomic_load(&big.returned)); /* a worker still has rows of its arrays */
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(big.a.status, MGEO_E_CANCELLED);
    size_t scored = 0;
    for (size_t i = 0; i < MAX_PAIRS; i++) {
        if (is_skipped(&big.a, i)) {
            check_skipped(&big.a, i);
        } else {
            check_scored(&big.a, 0, i);
            scored++;
        }
    }
    controllable_run run;
    assert_int_equal(controllable_runs(&run, 1), 1);
    assert_int_equal(scored, run.rows);
    assert_int_equal(big.a.scores.bad_rows, MAX_PAIRS - scored);
    prepare(&big.a);
    assert_int_equal(score(runner, 0, 20, &big.a), MGEO_OK);
    mgi_runner_destroy(runner);
}

static void test_cancelled_calls_end_when_their_rows_are_out(void **state) {
    (void)state;
    cancel_while_held(4096);
    controllable_reset();
    cancel_while_held(8); /* most rows have not found room in the queue */
}

static void test_a_call_cancelled_before_it_began_computes_nothing(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    static results a;
    prepare(&a);
    mgeo_progress_cancel(&a.progress);
    assert_int_equal(score(runner, 0, 50, &a), MGEO_E_CANCELLED);
    for (size_t i = 0; i < 50; i++) check_skipped(&a, i);
    assert_int_equal(controllable_runs(NULL, 0), 0);
    mgi_runner_destroy(runner);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_few_rows_are_shared_by_idle_workers),
        TEST(test_callers_share_batches),
        TEST(test_a_second_caller_gets_a_thread_that_helps_the_first),
        TEST(test_thousands_of_small_calls_are_answered),
        TEST(test_a_single_call_is_computed_in_its_thread),
        TEST(test_a_call_on_a_cpu_is_computed_by_the_pool),
        TEST(test_concurrent_calls_are_computed_by_the_pool),
        TEST(test_rows_wait_for_the_lane_of_an_inline_batch),
        TEST(test_cancelled_calls_end_when_their_rows_are_out),
        TEST(test_a_call_cancelled_before_it_began_computes_nothing),
    };
    return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
