/* SPDX-License-Identifier: Apache-2.0 */
/* The runner on the fake backend: results, cores, lanes, bad rows and warm-up. */
#define _GNU_SOURCE
#include "runner_fixture.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <math.h>
#include <string.h>

/* ---- results --------------------------------------------------------------------------------- */

static void score_all(uint32_t threads, uint32_t queue_rows, uint32_t batch_tokens) {
    mgi_runner *runner = make_runner(threads, queue_rows, batch_tokens);
    static results a;
    prepare(&a);
    if (score(runner, 0, MAX_PAIRS, &a) != MGEO_OK) fail_msg("%s", a.error.message);
    for (size_t i = 0; i < MAX_PAIRS; i++) check_scored(&a, 0, i);
    assert_int_equal(a.scores.bad_rows, 0);
    assert_int_equal(a.scores.label_count, LABELS);
    assert_true(a.scores.tokens >= MAX_PAIRS * MGI_TOKENIZER_MIN_LENGTH);
    int32_t stage;
    uint64_t done, total;
    mgeo_progress_read(&a.progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_FINISHED);
    assert_int_equal(done, MAX_PAIRS);
    assert_int_equal(total, MAX_PAIRS);
    mgi_runner_destroy(runner);
}

static void test_every_row_gets_its_own_answer(void **state) {
    (void)state;
    score_all(1, 4096, 512);
    score_all(2, 4096, 64);
    score_all(4, 64, 200);
    score_all(64, 0, 0);
}

static void test_a_call_may_be_larger_than_the_queue(void **state) {
    (void)state;
    score_all(1, 1, 64);
    score_all(3, 2, 64);
    score_all(2, 7, 512);
}

static void test_the_columns_behind_the_labels_are_left_alone(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    static results a;
    prepare(&a);
    uint32_t before, after;
    memcpy(&before, &a.probabilities[3], sizeof before);
    assert_int_equal(score(runner, 0, 10, &a), MGEO_OK);
    memcpy(&after, &a.probabilities[3], sizeof after);
    assert_int_equal(before, after);
    memcpy(&after, &a.probabilities[40], sizeof after); /* row 10 was not asked for */
    assert_int_equal(before, after);
    mgi_runner_destroy(runner);
}

static void test_only_similarity_is_required(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 16, 64);
    float similarity[20];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    pairs[7].a_len = 0;
    assert_int_equal(mgi_runner_score(runner, mgi_clock_now(), pairs, 20, &scores, NULL), MGEO_OK);
    pairs[7].a_len = MGEO_NUL_TERMINATED;
    for (int i = 0; i < 20; i++) {
        if (i == 7) {
            assert_true(isnan(similarity[i]));
        } else {
            assert_float_equal(similarity[i], expected[i], 0);
        }
    }
    assert_int_equal(scores.bad_rows, 1);
    mgi_runner_destroy(runner);
}

static void test_no_rows_are_a_call_too(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    mgeo_scores scores = {.struct_size = sizeof scores};
    assert_int_equal(mgi_runner_score(runner, mgi_clock_now(), NULL, 0, &scores, NULL), MGEO_OK);
    assert_int_equal(scores.label_count, LABELS);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.calls, 1);
    mgi_runner_destroy(runner);
}

static void test_bad_texts_are_flagged_and_harm_no_others(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 4, 64);
    static results a;
    mgeo_pair mixed[5] = {pairs[0], {"\xff", 1, "1", 1}, pairs[2], {"1", 1, "  ", 2}, pairs[4]};
    prepare(&a);
    assert_int_equal(mgi_runner_score(runner, mgi_clock_now(), mixed, 5, &a.scores, NULL), MGEO_OK);
    for (size_t i = 0; i < 5; i += 2) check_scored(&a, 0, i);
    assert_int_equal(a.flags[1], MGEO_ROW_INVALID_UTF8);
    assert_int_equal(a.flags[3], MGEO_ROW_EMPTY);
    for (size_t i = 1; i < 5; i += 2) {
        assert_true(isnan(a.similarity[i]));
        assert_true(isnan(a.probabilities[i * 4]));
        assert_int_equal(a.label[i], -1);
    }
    assert_int_equal(a.scores.bad_rows, 2);
    prepare(&a); /* nothing but bad rows */
    assert_int_equal(mgi_runner_score(runner, mgi_clock_now(), mixed + 1, 1, &a.scores, NULL),
                     MGEO_OK);
    assert_int_equal(a.flags[0], MGEO_ROW_INVALID_UTF8);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.bad_rows, 3);
    assert_int_equal(stats.pairs, 3);
    mgi_runner_destroy(runner);
}

static void test_long_rows_are_cut_and_flagged(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 4, 64);
    static results a;
    static test_pair text;
    mgeo_pair pair = test_make_pair(&text, 3, 60);
    prepare(&a);
    assert_int_equal(mgi_runner_score(runner, mgi_clock_now(), &pair, 1, &a.scores, NULL), MGEO_OK);
    assert_int_equal(a.flags[0], MGEO_ROW_TRUNCATED);
    assert_int_equal(a.scores.tokens, MAX_LENGTH);
    assert_float_equal(a.similarity[0],
                       oracle_similarity(tokenizer, MAX_LENGTH, &labels, VARIANT, &pair), 0);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.truncated_rows, 1);
    mgi_runner_destroy(runner);
}

static void test_logits_that_are_not_finite_are_flagged(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static results a;
    mgeo_pair marked[3] = {pairs[0], {"1", 1, "#", 1}, pairs[2]};
    controllable_poison(1); /* [UNK], which no other text here has */
    prepare(&a);
    assert_int_equal(mgi_runner_score(runner, mgi_clock_now(), marked, 3, &a.scores, NULL),
                     MGEO_OK);
    assert_int_equal(a.scores.bad_rows, 1);
    check_scored(&a, 0, 0);
    check_scored(&a, 0, 2);
    assert_int_equal(a.flags[1], MGEO_ROW_NOT_FINITE | MGEO_ROW_UNKNOWN_CHARACTERS);
    assert_int_equal(a.label[1], -1);
    assert_true(isnan(a.similarity[1]));
    for (int i = 0; i < LABELS; i++) assert_true(isnan(a.probabilities[4 + i]));
    mgi_runner_destroy(runner);
}

/* The vocabulary has no sun, no moon and no comma. */
static void test_texts_that_differ_unseen_never_match(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static results a;
    static const mgeo_pair unseen[] = {{"1日路", MGEO_NUL_TERMINATED, "1月路", MGEO_NUL_TERMINATED},
                                       {"1日路", MGEO_NUL_TERMINATED, "1日路", MGEO_NUL_TERMINATED},
                                       {"1,路", MGEO_NUL_TERMINATED, "1路", MGEO_NUL_TERMINATED},
                                       {"1路", MGEO_NUL_TERMINATED, "1路", MGEO_NUL_TERMINATED}};
    const uint32_t unknown = MGEO_ROW_UNKNOWN_CHARACTERS;
    prepare(&a);
    assert_int_equal(mgi_runner_score(runner, mgi_clock_now(), unseen, 4, &a.scores, NULL),
                     MGEO_OK);
    assert_int_equal(a.scores.bad_rows, 0);
    assert_int_equal(a.flags[0], unknown | MGEO_ROW_UNKNOWN_DIFFER | MGEO_ROW_CAPPED);
    assert_int_equal(a.label[0], 1);
    assert_true(a.probabilities[2] == 0);
    assert_float_equal(a.probabilities[0] + a.probabilities[1], 1, 1e-6);
    assert_float_equal(a.similarity[0], 0.5f * a.probabilities[1], 1e-6);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(a.flags[i], i < 3 ? unknown : 0);
        assert_int_equal(a.label[i], 2);
        assert_true(a.probabilities[4 * i + 2] > 0);
    }
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.pairs, 4);
    assert_int_equal(stats.unknown_rows, 3);
    assert_int_equal(stats.unknown_differ_rows, 1);
    assert_int_equal(stats.capped_rows, 1);
    mgi_runner_destroy(runner);
}

static void test_too_few_columns_score_nothing(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static results a;
    prepare(&a);
    a.scores.probability_stride = LABELS - 1;
    assert_int_equal(score(runner, 0, 3, &a), MGEO_E_CAPACITY);
    assert_non_null(strstr(a.error.message, "probability_stride"));
    assert_int_equal(a.flags[0], 0xA5A5A5A5u);
    a.scores.probabilities = NULL;
    assert_int_equal(score(runner, 0, 3, &a), MGEO_OK);
    mgi_runner_destroy(runner);
}

/* ---- cores ----------------------------------------------------------------------------------- */

static void test_a_single_row_has_all_cores(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(3, 64, 512);
    static results a;
    prepare(&a);
    assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
    controllable_run run;
    assert_int_equal(controllable_runs(&run, 1), 1);
    assert_int_equal(run.cores, 3);
    mgi_runner_destroy(runner);
}

static void test_all_cores_work_on_a_single_row(void **state) {
    (void)state;
    static results a;
    controllable_want_teams(true);
    for (uint32_t threads = 2; threads <= 5; threads++) {
        mgi_runner *runner = make_runner(threads, 64, 512);
        prepare(&a);
        assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
        check_scored(&a, 0, 0);
        mgi_runner_destroy(runner);
    }
    controllable_run runs[4];
    assert_int_equal(controllable_runs(runs, 4), 4);
    for (unsigned i = 0; i < 4; i++) assert_int_equal(runs[i].cores, i + 2);
}

static void test_batches_keep_to_their_budget(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 4096, 128);
    static results a;
    static controllable_run runs[MAX_PAIRS];
    prepare(&a);
    assert_int_equal(score(runner, 0, MAX_PAIRS, &a), MGEO_OK);
    unsigned count = controllable_runs(runs, MAX_PAIRS);
    for (unsigned i = 0; i < count; i++) assert_in_range(runs[i].tokens, 1, 128);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.batches, count);
    assert_int_equal(stats.pairs, MAX_PAIRS);
    assert_int_equal(stats.tokens, a.scores.tokens);
    assert_int_equal(stats.queued_rows, 0);
    assert_int_equal(stats.calls_in_flight, 0);
    assert_true(stats.batch_rows_max > 1);
    assert_true(stats.call_seconds > 0 && stats.call_seconds_max <= stats.call_seconds);
    mgi_runner_destroy(runner);
}

/* Tokens between the shortest and the longest row of a batch, over all batches of waiting rows. */
static uint32_t spread(bool mixed_lengths) {
    static controllable_run runs[MAX_PAIRS];
    static caller one, all;
    test_threads threads = {0};
    uint32_t sum = 0;
    controllable_reset();
    controllable_set_mixed_lengths(mixed_lengths);
    mgi_runner *runner = make_runner(1, 4096, 256);
    controllable_hold(true);
    start_caller(&threads, &one, runner, 0, 1);
    controllable_await_waiting(1);
    start_caller(&threads, &all, runner, 0, MAX_PAIRS);
    await_queued(runner, MAX_PAIRS);
    controllable_hold(false);
    test_threads_join(&threads);
    for (size_t i = 0; i < MAX_PAIRS; i++) check_scored(&all.a, 0, i);
    unsigned count = controllable_runs(runs, MAX_PAIRS);
    for (unsigned i = 0; i < count; i++) sum += runs[i].longest - runs[i].shortest;
    mgi_runner_destroy(runner);
    return sum;
}

static void test_rows_of_any_length_share_batches(void **state) {
    (void)state;
    assert_true(spread(true) > 2 * spread(false));
}

/* ---- making one ------------------------------------------------------------------------------ */

static void test_a_device_has_its_own_lanes(void **state) {
    (void)state;
    controllable_set_lanes(3, 200);
    mgi_runner *runner = make_runner(8, 4096, 512);
    assert_int_equal(controllable_lanes_open(), 3);
    assert_int_equal(mgi_runner_threads(runner), 3);
    static results a;
    prepare(&a);
    assert_int_equal(score(runner, 0, MAX_PAIRS, &a), MGEO_OK);
    for (size_t i = 0; i < MAX_PAIRS; i++) check_scored(&a, 0, i);
    static controllable_run runs[MAX_PAIRS];
    unsigned count = controllable_runs(runs, MAX_PAIRS);
    for (unsigned i = 0; i < count; i++) assert_int_equal(runs[i].cores, 1);
    mgi_runner_destroy(runner);
}

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    static results a;
    for (long nth = 1;; nth++) {
        mgi_model *model = stub_model_create(&(stub_options){.backend = &controllable_backend,
                                                             .variant = VARIANT,
                                                             .labels = LABELS,
                                                             .max_length = MAX_LENGTH});
        mgi_runner *runner = NULL;
        mgeo_error error = {0};
        mgi_runner_options options = {.threads = 2, .queue_rows = 16};
        mgi_alloc_fail_at(nth);
        mgeo_status made = mgi_runner_create(model, &options, &runner, &error);
        mgeo_status scored = MGEO_OK;
        prepare(&a);
        if (made == MGEO_OK) scored = score(runner, 0, 20, &a);
        long count = mgi_alloc_count();
        mgi_alloc_fail_at(0);
        if (made != MGEO_OK) {
            assert_int_equal(made, MGEO_E_MEMORY);
            assert_int_equal(error.status, MGEO_E_MEMORY);
            assert_null(runner);
            mgi_model_close(model);
            continue;
        }
        if (scored != MGEO_OK) {
            assert_int_equal(scored, MGEO_E_MEMORY);
            for (size_t i = 0; i < 20; i++) check_skipped(&a, i);
            assert_int_equal(a.scores.bad_rows, 20);
        }
        prepare(&a);
        assert_int_equal(score(runner, 0, 20, &a), MGEO_OK);
        mgi_runner_destroy(runner);
        if (nth > count) break;
    }
}

/* ---- warm-up --------------------------------------------------------------------------------- */

static void test_warm_up_runs_all_lanes_and_lengths(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 64, 256);
    mgeo_progress progress = {0};
    assert_int_equal(mgi_runner_warm_up(runner, &progress, NULL), MGEO_OK);
    static controllable_run runs[64];
    unsigned count = controllable_runs(runs, 64);
    unsigned full = 0, single = 0;
    for (unsigned i = 0; i < count; i++) {
        full += runs[i].tokens == 256 && runs[i].cores == 1;
        single += runs[i].rows == 1 && runs[i].cores == 2;
    }
    assert_true(full >= 2);
    assert_true(single >= 1);
    uint64_t done, total;
    int32_t stage;
    mgeo_progress_read(&progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_WARMING);
    assert_int_equal(done, count);
    assert_true(done <= total);
    static results a;
    prepare(&a);
    assert_int_equal(score(runner, 0, 50, &a), MGEO_OK);
    for (size_t i = 0; i < 50; i++) check_scored(&a, 0, i);
    mgi_runner_destroy(runner);
}

static void test_warm_up_can_be_cancelled_and_can_fail(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 64, 256);
    mgeo_progress progress = {0};
    mgeo_progress_cancel(&progress);
    assert_int_equal(mgi_runner_warm_up(runner, &progress, NULL), MGEO_E_CANCELLED);
    assert_int_equal(controllable_runs(NULL, 0), 0);
    controllable_fail_runs(3, 1, MGEO_E_DEVICE);
    mgeo_error error = {0};
    assert_int_equal(mgi_runner_warm_up(runner, NULL, &error), MGEO_E_DEVICE);
    assert_int_equal(error.status, MGEO_E_DEVICE);
    mgi_runner_destroy(runner);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_row_gets_its_own_answer),
        TEST(test_a_call_may_be_larger_than_the_queue),
        TEST(test_the_columns_behind_the_labels_are_left_alone),
        TEST(test_only_similarity_is_required),
        TEST(test_no_rows_are_a_call_too),
        TEST(test_bad_texts_are_flagged_and_harm_no_others),
        TEST(test_long_rows_are_cut_and_flagged),
        TEST(test_logits_that_are_not_finite_are_flagged),
        TEST(test_texts_that_differ_unseen_never_match),
        TEST(test_too_few_columns_score_nothing),
        TEST(test_a_single_row_has_all_cores),
        TEST(test_all_cores_work_on_a_single_row),
        TEST(test_batches_keep_to_their_budget),
        TEST(test_rows_of_any_length_share_batches),
        TEST(test_a_device_has_its_own_lanes),
        TEST(test_every_failed_allocation_is_survived),
        TEST(test_warm_up_runs_all_lanes_and_lengths),
        TEST(test_warm_up_can_be_cancelled_and_can_fail),
    };
    return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
