/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of lib/run/runner.h share: pairs with their results, calls and a runner. */
#define _GNU_SOURCE
#include "runner_fixture.h"
#include "core/clock.h"

#include <math.h>
#include <string.h>

static test_pair texts[MAX_PAIRS];
mgeo_pair pairs[MAX_PAIRS];
float expected[MAX_PAIRS];
mgi_tokenizer *tokenizer;
mgi_labels labels;

int make_pairs(void **state) {
    (void)state;
    tokenizer = oracle_tokenizer();
    labels = test_labels(LABELS);
    for (uint32_t i = 0; i < MAX_PAIRS; i++) {
        pairs[i] = test_make_pair(&texts[i], i, 1 + i % 9);
        expected[i] = oracle_similarity(tokenizer, MAX_LENGTH, &labels, VARIANT, &pairs[i]);
    }
    return 0;
}

int free_pairs(void **state) {
    (void)state;
    mgi_tokenizer_destroy(tokenizer);
    return 0;
}

mgi_runner *make_runner(uint32_t threads, uint32_t queue_rows, uint32_t batch_tokens) {
    mgi_model *model = stub_model_create(&(stub_options){.backend = &controllable_backend,
                                                         .variant = VARIANT,
                                                         .labels = LABELS,
                                                         .max_length = MAX_LENGTH,
                                                         .batch_tokens = batch_tokens});
    mgi_runner *runner = NULL;
    mgeo_error error = {0};
    mgi_runner_options options = {.threads = threads, .queue_rows = queue_rows};
    if (mgi_runner_create(model, &options, &runner, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return runner;
}

int before_each(void **state) {
    (void)state;
    controllable_reset();
    return 0;
}

int after_each(void **state) {
    (void)state;
    return stub_models_open() == 0 && controllable_lanes_open() == 0 ? 0 : -1;
}

void prepare(results *a) {
    memset(a, 0xA5, sizeof *a);
    memset(&a->progress, 0, sizeof a->progress);
    memset(&a->error, 0, sizeof a->error);
    a->scores = (mgeo_scores){.struct_size = sizeof a->scores,
                              .similarity = a->similarity,
                              .label = a->label,
                              .probabilities = a->probabilities,
                              .probability_stride = 4,
                              .flags = a->flags,
                              .progress = &a->progress};
}

mgeo_status score(mgi_runner *runner, size_t first, size_t count, results *a) {
    a->status =
        mgi_runner_score(runner, mgi_clock_now(), pairs + first, count, &a->scores, &a->error);
    return a->status;
}

void check_scored(const results *a, size_t first, size_t row) {
    assert_float_equal(a->similarity[row], expected[first + row], 0);
    assert_int_equal(a->flags[row] & ~MGEO_ROW_TRUNCATED, 0);
    assert_in_range(a->label[row], 0, LABELS - 1);
    float sum = 0;
    for (int i = 0; i < LABELS; i++) sum += a->probabilities[row * 4 + (size_t)i];
    assert_float_equal(sum, 1.0f, 1e-5);
}

void check_skipped(const results *a, size_t row) {
    assert_true(isnan(a->similarity[row]));
    assert_int_equal(a->label[row], -1);
    assert_int_equal(a->flags[row] & ~MGEO_ROW_TRUNCATED, MGEO_ROW_SKIPPED);
    for (int i = 0; i < LABELS; i++) assert_true(isnan(a->probabilities[row * 4 + (size_t)i]));
}

bool is_skipped(const results *a, size_t row) { return (a->flags[row] & MGEO_ROW_SKIPPED); }

static void *call_once(void *argument) {
    caller *c = argument;
    score(c->runner, c->first, c->count, &c->a);
    atomic_store(&c->returned, true);
    return NULL;
}

void start_caller(test_threads *threads, caller *c, mgi_runner *runner, size_t first,
                  size_t count) {
    c->runner = runner;
    c->first = first;
    c->count = count;
    atomic_store(&c->returned, false);
    prepare(&c->a);
    test_threads_start(threads, call_once, c);
}

void await_queued(mgi_runner *runner, uint64_t rows) {
    mgeo_stats stats = {0};
    do {
        test_sleep(1);
        mgi_runner_stats(runner, &stats);
    } while (stats.queued_rows < rows);
}
