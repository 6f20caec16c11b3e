/* SPDX-License-Identifier: Apache-2.0 */
/* What a runner counts: every call, row and answer once, in its place. */
#include "core/clock.h"
#include "run/side_scorer.h"
#include "support/check.h"
#include "support/controllable_backend.h"
#include "support/fake_oracle.h"
#include "support/stub_model.h"
#include "support/threads.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum { MAX_LENGTH = 64, VARIANT = 5, PAIRS = 100, LABELS = 3, BUDGET = 128 };

static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];
static float expected[PAIRS];
static mgi_runner *runner;
static mgi_snapshot snapshot;
static mgeo_stats stats;

static int make_pairs(void **state) {
    (void)state;
    mgi_tokenizer *tokenizer = oracle_tokenizer();
    mgi_labels labels = test_labels(LABELS);
    for (uint32_t i = 0; i < PAIRS; i++) {
        pairs[i] = test_make_pair(&texts[i], i, 1 + i % 9);
        expected[i] = oracle_similarity(tokenizer, MAX_LENGTH, &labels, VARIANT, &pairs[i]);
    }
    mgi_tokenizer_destroy(tokenizer);
    return 0;
}

static int make_runner(void **state) {
    (void)state;
    controllable_reset();
    mgi_model *model = stub_model_create(&(stub_options){.backend = &controllable_backend,
                                                         .variant = VARIANT,
                                                         .labels = LABELS,
                                                         .max_length = MAX_LENGTH,
                                                         .batch_tokens = BUDGET});
    mgi_runner_options options = {.threads = 1, .queue_rows = 256};
    return mgi_runner_create(model, &options, &runner, NULL) == MGEO_OK ? 0 : -1;
}

static int free_runner(void **state) {
    (void)state;
    mgi_runner_destroy(runner);
    return stub_models_open() + controllable_lanes_open();
}

static mgeo_status score(const mgeo_pair *of, size_t count, mgeo_progress *progress) {
    float similarity[PAIRS];
    mgeo_scores scores = {
        .struct_size = sizeof scores, .similarity = similarity, .progress = progress};
    return mgi_runner_score(runner, mgi_clock_now(), of, count, &scores, NULL);
}

static void take_snapshot(void) {
    memset(&snapshot, 0xA5, sizeof snapshot);
    memset(&stats, 0, sizeof stats);
    mgi_runner_snapshot(runner, &snapshot);
    mgi_runner_stats(runner, &stats);
}

static void test_counts_begin_at_zero(void **state) {
    (void)state;
    take_snapshot();
    const mgi_snapshot nothing = {.calls = 0};
    assert_memory_equal(&snapshot, &nothing, sizeof nothing);
    assert_true(stats.call_p99 == 0 && stats.wait_p99 == 0 && stats.batch_fill == 0);
}

static void test_every_row_is_counted_once(void **state) {
    (void)state;
    uint64_t bins[MGI_DRIFT_BINS] = {0};
    for (int i = 0; i < PAIRS; i++) bins[mgi_drift_bin(expected[i])]++;
    assert_int_equal(score(pairs, PAIRS, NULL), MGEO_OK);
    take_snapshot();
    assert_int_equal(snapshot.calls, 1);
    assert_int_equal(snapshot.rows_scored, PAIRS);
    assert_int_equal(snapshot.rows_bad, 0);
    assert_memory_equal(snapshot.similarity, bins, sizeof bins);
    assert_int_equal(mgi_histogram_count(&snapshot.call_time), 1);
    assert_int_equal(mgi_histogram_count(&snapshot.wait_time), PAIRS);
    assert_int_equal(mgi_snapshot_failed(&snapshot), 0);
    assert_int_equal(stats.tokens, snapshot.tokens);
    assert_true(stats.batch_fill > 0 && stats.batch_fill <= 1);
}

static void test_fill_is_the_share_of_the_budget(void **state) {
    (void)state;
    assert_int_equal(score(pairs, 1, NULL), MGEO_OK);
    assert_int_equal(score(pairs, 1, NULL), MGEO_OK);
    take_snapshot();
    assert_int_equal(stats.batches, 2);
    assert_true(stats.batch_fill == (double)stats.tokens / 2 / BUDGET);
}

static void test_failures_are_counted_by_status(void **state) {
    (void)state;
    controllable_fail_runs(1, 2, MGEO_E_DEVICE);
    assert_int_equal(score(pairs, 1, NULL), MGEO_E_DEVICE);
    assert_int_equal(score(pairs, 1, NULL), MGEO_E_DEVICE);
    mgeo_progress cancelled = {0};
    mgeo_progress_cancel(&cancelled);
    assert_int_equal(score(pairs, 3, &cancelled), MGEO_E_CANCELLED);
    assert_int_equal(score(pairs, 1, NULL), MGEO_OK);
    take_snapshot();
    assert_int_equal(snapshot.calls, 4);
    assert_int_equal(snapshot.failed_by[MGEO_E_DEVICE], 2);
    assert_int_equal(snapshot.failed_by[MGEO_E_CANCELLED], 1);
    assert_int_equal(snapshot.failed_by[MGEO_OK], 0);
    assert_int_equal(mgi_snapshot_failed(&snapshot), 3);
    assert_int_equal(snapshot.rows_bad, 5);
    assert_int_equal(snapshot.rows_scored, 1);
    assert_int_equal(snapshot.rows_not_finite, 0);
    assert_int_equal(stats.failed_calls, 3);
    assert_int_equal(stats.failed_by[MGEO_E_DEVICE], 2);
}

static void test_results_that_are_not_finite_are_counted(void **state) {
    (void)state;
    mgeo_pair marked[3] = {pairs[0], {"1", 1, "#", 1}, pairs[2]};
    controllable_poison(1); /* [UNK], which no other text here has */
    assert_int_equal(score(marked, 3, NULL), MGEO_OK);
    take_snapshot();
    assert_int_equal(snapshot.rows_not_finite, 1);
    assert_int_equal(snapshot.rows_bad, 1);
    uint64_t similarities = 0;
    for (int i = 0; i < MGI_DRIFT_BINS; i++) similarities += snapshot.similarity[i];
    assert_int_equal(similarities, 2);
    assert_int_equal(stats.not_finite_rows, 1);
}

static void *score_first(void *argument) {
    *(mgeo_status *)argument = score(pairs, 1, NULL);
    return NULL;
}

/* The second call's row waits at least as long as this thread sleeps. */
static void test_waiting_times_are_counted(void **state) {
    (void)state;
    mgeo_status statuses[2];
    pthread_t threads[2];
    controllable_hold(true);
    pthread_create(&threads[0], NULL, score_first, &statuses[0]);
    controllable_await_waiting(1);
    pthread_create(&threads[1], NULL, score_first, &statuses[1]);
    do {
        take_snapshot();
    } while (stats.queued_rows == 0);
    const struct timespec pause = {.tv_nsec = 30000000};
    nanosleep(&pause, NULL);
    controllable_hold(false);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    take_snapshot();
    assert_int_equal(mgi_histogram_count(&snapshot.wait_time), 2);
    assert_true(stats.wait_p99 >= 0.030 * 0.96); /* a bucket's middle */
    assert_true(stats.wait_p99 >= stats.wait_p50);
    assert_true(stats.call_p50 >= 0.030 * 0.96);
    assert_true(stats.call_p99 >= stats.call_p95 && stats.call_p95 >= stats.call_p50);
    assert_true(stats.call_seconds_max * 2 >= stats.call_seconds);
}

static void test_side_scorers_are_not_counted(void **state) {
    (void)state;
    mgi_side_scorer *scorer;
    float similarity[3];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    assert_int_equal(mgi_side_scorer_create(runner, &scorer, NULL), MGEO_OK);
    assert_int_equal(mgi_side_scorer_score(scorer, pairs, 3, &scores, NULL), MGEO_OK);
    mgi_side_scorer_destroy(scorer);
    test_counts_begin_at_zero(NULL);
}

static void *score_many(void *argument) {
    (void)argument;
    for (size_t i = 0; i < 200; i++) score(pairs + i % 90, 1 + i % 10, NULL);
    return NULL;
}

/* Snapshots made meanwhile only grow; the last one is exact. */
static void test_snapshots_only_grow_while_others_count(void **state) {
    (void)state;
    enum { THREADS = 4 };
    static mgi_snapshot before, difference;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, score_many, NULL);
    memset(&before, 0, sizeof before);
    while (before.calls < 200) {
        mgi_runner_snapshot(runner, &snapshot);
        mgi_snapshot_since(&difference, &snapshot, &before);
        assert_true(difference.calls <= THREADS * 200);
        assert_true(difference.rows_scored <= THREADS * 1100);
        assert_int_equal(mgi_histogram_count(&difference.call_time), difference.calls);
        before = snapshot;
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    take_snapshot();
    assert_int_equal(snapshot.calls, THREADS * 200);
    assert_int_equal(snapshot.rows_scored, THREADS * 1100);
    assert_int_equal(mgi_histogram_count(&snapshot.wait_time), THREADS * 1100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_runner, free_runner)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_counts_begin_at_zero),
        TEST(test_every_row_is_counted_once),
        TEST(test_fill_is_the_share_of_the_budget),
        TEST(test_failures_are_counted_by_status),
        TEST(test_results_that_are_not_finite_are_counted),
        TEST(test_waiting_times_are_counted),
        TEST(test_side_scorers_are_not_counted),
        TEST(test_snapshots_only_grow_while_others_count),
    };
    return cmocka_run_group_tests(tests, make_pairs, NULL);
}
