/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of lib/run/runner.h share: pairs with their results, calls and a runner on the
 * controllable backend. */
#ifndef TEST_RUN_RUNNER_FIXTURE_H
#define TEST_RUN_RUNNER_FIXTURE_H

#include "core/progress.h"
#include "run/runner.h"
#include "support/check.h"
#include "support/controllable_backend.h"
#include "support/fake_oracle.h"
#include "support/stub_model.h"
#include "support/threads.h"

#include <stdatomic.h>

enum { MAX_LENGTH = 64, VARIANT = 5, MAX_PAIRS = 400, LABELS = 3 };

/* A call's arrays, with a guard behind each. */
typedef struct results {
    float similarity[MAX_PAIRS];
    int32_t label[MAX_PAIRS];
    float probabilities[MAX_PAIRS * 4];
    uint32_t flags[MAX_PAIRS];
    mgeo_scores scores;
    mgeo_progress progress;
    mgeo_error error;
    mgeo_status status;
} results;

/* A thread that makes one call. */
typedef struct caller {
    mgi_runner *runner;
    size_t first, count;
    results a;
    atomic_bool returned;
} caller;

extern mgeo_pair pairs[MAX_PAIRS];
extern float expected[MAX_PAIRS]; /* the similarity of each */
extern mgi_tokenizer *tokenizer;
extern mgi_labels labels;

/* Of a group of tests, and of each test: TEST(name) has the latter around it. */
int make_pairs(void **state);
int free_pairs(void **state);
int before_each(void **state);
int after_each(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, before_each, after_each)

/* Fails the running test if it cannot be made. */
mgi_runner *make_runner(uint32_t threads, uint32_t queue_rows, uint32_t batch_tokens);

/* Before each use of `a`. */
void prepare(results *a);
/* Scores pairs[first] and those after it. */
mgeo_status score(mgi_runner *runner, size_t first, size_t count, results *a);

void check_scored(const results *a, size_t first, size_t row);
void check_skipped(const results *a, size_t row);
bool is_skipped(const results *a, size_t row);

/* Starts a thread that scores pairs[first] and those after it once. */
void start_caller(test_threads *threads, caller *c, mgi_runner *runner, size_t first, size_t count);

/* Until so many rows wait. */
void await_queued(mgi_runner *runner, uint64_t rows);

#endif
