/* SPDX-License-Identifier: Apache-2.0 */
/* A side scorer scores as its runner does, in the caller's thread, and leaves no trace there. */
#define _GNU_SOURCE
#include "run/side_scorer.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "support/check.h"
#include "support/controllable_backend.h"
#include "support/fake_oracle.h"
#include "support/stub_model.h"

#include <math.h>
#include <string.h>

enum { MAX_LENGTH = 64, VARIANT = 5, PAIRS = 150, LABELS = 3, STRIDE = 4, BATCH_TOKENS = 128 };

/* A call's arrays: memory that was written to before. */
typedef struct results {
    float similarity[PAIRS];
    int32_t label[PAIRS];
    float probabilities[PAIRS * STRIDE];
    uint32_t flags[PAIRS];
    mgeo_scores scores;
    mgeo_progress progress;
} results;

static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS]; /* the 20th is no UTF-8, the 21st empty, the 22nd too long,
                                  and the 23rd differs in what is unknown */
static mgi_runner *runner;
static mgi_side_scorer *scorer;
static mgeo_error error;

static mgi_runner *make_runner(void) {
    mgi_model *model = stub_model_create(&(stub_options){.backend = &controllable_backend,
                                                         .variant = VARIANT,
                                                         .labels = LABELS,
                                                         .max_length = MAX_LENGTH,
                                                         .batch_tokens = BATCH_TOKENS});
    mgi_runner *made = NULL;
    mgi_runner_options options = {.threads = 2, .queue_rows = 64};
    if (mgi_runner_create(model, &options, &made, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return made;
}

static int make_pairs(void **state) {
    (void)state;
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 9);
    pairs[20] = (mgeo_pair){"\xff", 1, "1", 1};
    pairs[21] = (mgeo_pair){"1", 1, "  ", 2};
    pairs[22] = test_make_pair(&texts[22], 22, 60);
    pairs[23] = (mgeo_pair){"1日路", MGEO_NUL_TERMINATED, "1月路", MGEO_NUL_TERMINATED};
    return 0;
}

static int begin(void **state) {
    (void)state;
    controllable_reset();
    runner = make_runner();
    return mgi_side_scorer_create(runner, &scorer, &error);
}

static int end(void **state) {
    (void)state;
    mgi_side_scorer_destroy(scorer);
    mgi_runner_destroy(runner);
    return stub_models_open() + controllable_lanes_open();
}

static void prepare(results *a) {
    memset(a, 0xA5, sizeof *a);
    memset(&a->progress, 0, sizeof a->progress);
    a->scores = (mgeo_scores){.struct_size = sizeof a->scores,
                              .similarity = a->similarity,
                              .label = a->label,
                              .probabilities = a->probabilities,
                              .probability_stride = STRIDE,
                              .flags = a->flags,
                              .progress = &a->progress};
}

static mgeo_status score(results *a, size_t count) {
    return mgi_side_scorer_score(scorer, pairs, count, &a->scores, &error);
}

static bool is_skipped(const results *a, size_t row) {
    if ((a->flags[row] & MGEO_ROW_SKIPPED) == 0) return false;
    assert_true(isnan(a->similarity[row]));
    assert_true(isnan(a->probabilities[row * STRIDE]));
    assert_int_equal(a->label[row], -1);
    return true;
}

/* How many rows were skipped; the others carry the runner's results. */
static size_t count_skipped(const results *a, size_t count) {
    static results by_runner;
    prepare(&by_runner);
    assert_int_equal(
        mgi_runner_score(runner, mgi_clock_now(), pairs, count, &by_runner.scores, NULL), MGEO_OK);
    size_t skipped = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_skipped(a, i)) {
            skipped++;
            continue;
        }
        assert_memory_equal(&a->similarity[i], &by_runner.similarity[i], sizeof(float));
        assert_memory_equal(&a->probabilities[i * STRIDE], &by_runner.probabilities[i * STRIDE],
                            sizeof(float) * STRIDE); /* the fourth is touched by neither */
        assert_int_equal(a->label[i], by_runner.label[i]);
        assert_int_equal(a->flags[i], by_runner.flags[i]);
    }
    return skipped;
}

/* ---- results --------------------------------------------------------------------------------- */

static void test_answers_are_the_runners(void **state) {
    (void)state;
    static results ours, runners;
    prepare(&ours);
    assert_int_equal(score(&ours, PAIRS), MGEO_OK);
    assert_int_equal(count_skipped(&ours, PAIRS), 0);
    assert_int_equal(ours.flags[20], MGEO_ROW_INVALID_UTF8);
    assert_int_equal(ours.flags[21], MGEO_ROW_EMPTY);
    assert_int_equal(ours.flags[22], MGEO_ROW_TRUNCATED);
    assert_int_equal(ours.flags[23],
                     MGEO_ROW_UNKNOWN_CHARACTERS | MGEO_ROW_UNKNOWN_DIFFER | MGEO_ROW_CAPPED);
    assert_true(ours.probabilities[23 * STRIDE + 2] == 0);
    prepare(&runners);
    mgi_runner_score(runner, mgi_clock_now(), pairs, PAIRS, &runners.scores, NULL);
    assert_int_equal(ours.scores.bad_rows, 2);
    assert_int_equal(ours.scores.bad_rows, runners.scores.bad_rows);
    assert_int_equal(ours.scores.tokens, runners.scores.tokens);
    assert_int_equal(ours.scores.label_count, LABELS);
    assert_true(mgi_side_scorer_seconds(scorer) > 0);
}

static void test_logits_that_are_not_finite_are_flagged(void **state) {
    (void)state;
    static results a;
    mgeo_pair marked[3] = {pairs[0], {"1", 1, "#", 1}, pairs[2]};
    controllable_poison(1); /* [UNK], which no other text here has */
    prepare(&a);
    assert_int_equal(mgi_side_scorer_score(scorer, marked, 3, &a.scores, &error), MGEO_OK);
    assert_int_equal(a.scores.bad_rows, 1);
    assert_int_equal(a.flags[1], MGEO_ROW_NOT_FINITE | MGEO_ROW_UNKNOWN_CHARACTERS);
    assert_int_equal(a.label[1], -1);
    assert_true(isnan(a.similarity[1]));
    assert_false(isnan(a.similarity[2]));
}

static void test_only_similarity_is_required(void **state) {
    (void)state;
    float similarity[PAIRS];
    static results a;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    assert_int_equal(mgi_side_scorer_score(scorer, pairs, PAIRS, &scores, &error), MGEO_OK);
    prepare(&a);
    assert_int_equal(score(&a, PAIRS), MGEO_OK);
    for (size_t i = 0; i < PAIRS; i++) {
        assert_memory_equal(&similarity[i], &a.similarity[i], sizeof(float));
    }
    assert_int_equal(mgi_side_scorer_score(scorer, NULL, 0, &scores, &error), MGEO_OK);
    assert_int_equal(scores.bad_rows, 0);
}

static void test_too_few_columns_score_nothing(void **state) {
    (void)state;
    static results a;
    prepare(&a);
    a.scores.probability_stride = LABELS - 1;
    assert_int_equal(score(&a, 3), MGEO_E_CAPACITY);
    assert_non_null(strstr(error.message, "probability_stride"));
    assert_int_equal(a.flags[0], 0xA5A5A5A5u);
    assert_int_equal(controllable_runs(NULL, 0), 0);
}

/* ---- how it computes ------------------------------------------------------------------------- */

static void test_batches_keep_to_one_core_and_to_the_budget(void **state) {
    (void)state;
    static results a;
    controllable_run runs[PAIRS];
    prepare(&a);
    assert_int_equal(score(&a, PAIRS), MGEO_OK);
    unsigned count = controllable_runs(runs, PAIRS);
    uint64_t tokens = 0;
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(runs[i].cores, 1);
        assert_in_range(runs[i].tokens, 1, BATCH_TOKENS);
        assert_true(runs[i].shortest <= runs[i].longest);
        tokens += runs[i].tokens;
    }
    assert_in_range(count, tokens / BATCH_TOKENS, PAIRS / 3); /* batches, not rows */
    assert_int_equal(tokens, a.scores.tokens);
}

static void test_the_runner_counts_nothing(void **state) {
    (void)state;
    static results a;
    mgeo_stats stats = {0};
    prepare(&a);
    assert_int_equal(score(&a, PAIRS), MGEO_OK);
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.calls, 0);
    assert_int_equal(stats.pairs, 0);
    assert_int_equal(stats.batches, 0);
    assert_int_equal(stats.bad_rows, 0);
}

static void test_nothing_is_allocated_per_call(void **state) {
    (void)state;
    static results a;
    prepare(&a);
    mgi_alloc_fail_at(0);
    assert_int_equal(score(&a, PAIRS), MGEO_OK);
    assert_int_equal(mgi_alloc_count(), 0);
}

/* ---- ends before the end --------------------------------------------------------------------- */

static void test_a_call_cancelled_before_it_began_computes_nothing(void **state) {
    (void)state;
    static results a;
    prepare(&a);
    mgeo_progress_cancel(&a.progress);
    assert_int_equal(score(&a, 19), MGEO_E_CANCELLED);
    assert_int_equal(controllable_runs(NULL, 0), 0);
    assert_int_equal(count_skipped(&a, 19), 19);
    assert_int_equal(a.scores.bad_rows, 19);
    assert_int_equal(a.scores.tokens, 0);
}

static void fail_in_the_middle(mgeo_status status) {
    static results a;
    prepare(&a);
    controllable_fail_runs(3, 1, status);
    assert_int_equal(score(&a, PAIRS), status);
    assert_non_null(strstr(error.message, "told to fail"));
    assert_int_equal(controllable_runs(NULL, 0), 3);
    size_t skipped = count_skipped(&a, PAIRS);
    assert_in_range(skipped, 1, PAIRS - 10);
    /* All the others were scored, or refused for their texts. */
    size_t bad_texts = (a.flags[20] == MGEO_ROW_INVALID_UTF8) + (a.flags[21] == MGEO_ROW_EMPTY);
    assert_int_equal(a.scores.bad_rows, skipped + bad_texts);
    prepare(&a);
    assert_int_equal(score(&a, PAIRS), MGEO_OK);
    assert_int_equal(count_skipped(&a, PAIRS), 0);
}

static void test_rows_scored_before_a_failure_stay(void **state) {
    (void)state;
    fail_in_the_middle(MGEO_E_INTERNAL);
    controllable_reset();
    fail_in_the_middle(MGEO_E_DEVICE);
}

static void test_a_lost_device_may_come_back(void **state) {
    (void)state;
    static results a;
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    controllable_fail_lanes(true);
    for (int i = 0; i < 2; i++) {
        prepare(&a);
        assert_int_equal(score(&a, 5), MGEO_E_DEVICE);
        assert_true(is_skipped(&a, 4));
    }
    assert_non_null(strstr(error.message, "no lane"));
    controllable_fail_lanes(false);
    prepare(&a);
    assert_int_equal(score(&a, 5), MGEO_OK);
    assert_int_equal(count_skipped(&a, 5), 0);
}

/* ---- making one ------------------------------------------------------------------------------ */

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    long nth = 1;
    for (;; nth++) {
        mgi_side_scorer *another;
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgi_side_scorer_create(runner, &another, &error);
        mgi_alloc_fail_at(0);
        if (status == MGEO_OK) {
            mgi_side_scorer_destroy(another);
            break;
        }
        assert_int_equal(status, MGEO_E_MEMORY);
        assert_int_equal(error.status, MGEO_E_MEMORY);
        assert_null(another);
    }
    assert_true(nth > 8);
}

static void test_without_a_lane_there_is_no_scorer(void **state) {
    (void)state;
    mgi_side_scorer *another;
    controllable_fail_lanes(true);
    assert_int_equal(mgi_side_scorer_create(runner, &another, &error), MGEO_E_DEVICE);
    assert_null(another);
    mgi_side_scorer_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_answers_are_the_runners),
        TEST(test_logits_that_are_not_finite_are_flagged),
        TEST(test_only_similarity_is_required),
        TEST(test_too_few_columns_score_nothing),
        TEST(test_batches_keep_to_one_core_and_to_the_budget),
        TEST(test_the_runner_counts_nothing),
        TEST(test_nothing_is_allocated_per_call),
        TEST(test_a_call_cancelled_before_it_began_computes_nothing),
        TEST(test_rows_scored_before_a_failure_stay),
        TEST(test_a_lost_device_may_come_back),
        TEST(test_every_failed_allocation_is_survived),
        TEST(test_without_a_lane_there_is_no_scorer),
    };
    return cmocka_run_group_tests(tests, make_pairs, NULL);
}
