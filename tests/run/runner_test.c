/* The runner on the fake backend: answers, cores, bad rows, cancellation and failures. */
#define _GNU_SOURCE
#include "core/thread.h"
#include "run/runner.h"

#include "core/alloc.h"
#include "core/progress.h"
#include "support/check.h"
#include "support/expect.h"
#include "support/steered.h"
#include "support/stub_model.h"
#include "support/threads.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LENGTH = 64, VARIANT = 5, PAIRS_MOST = 400, LABELS = 3 };

/* A call's arrays, with a guard behind each. */
typedef struct answers {
    float similarity[PAIRS_MOST];
    int32_t label[PAIRS_MOST];
    float probabilities[PAIRS_MOST * 4];
    uint32_t flags[PAIRS_MOST];
    mgeo_scores scores;
    mgeo_progress progress;
    mgeo_error error;
    mgeo_status status;
} answers;

static test_pair texts[PAIRS_MOST];
static mgeo_pair pairs[PAIRS_MOST];
static float expected[PAIRS_MOST];
static mgi_tokenizer *tokenizer;
static mgi_labels labels;

static int make_pairs(void **state) {
    (void)state;
    tokenizer = test_tokenizer();
    labels = test_labels(LABELS);
    for (uint32_t i = 0; i < PAIRS_MOST; i++) {
        pairs[i] = test_make_pair(&texts[i], i, 1 + i % 9);
        expected[i] = test_expected(tokenizer, MAX_LENGTH, &labels, VARIANT, &pairs[i]);
    }
    return 0;
}

static int free_pairs(void **state) {
    (void)state;
    mgi_tokenizer_destroy(tokenizer);
    return 0;
}

static mgi_runner *make_runner(uint32_t threads, uint32_t queue_rows, uint32_t batch_tokens) {
    mgi_model *model = stub_model_create(&(stub_options){.backend = &steered_backend,
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

static int before_each(void **state) {
    (void)state;
    steered_reset();
    return 0;
}

static int after_each(void **state) {
    (void)state;
    return stub_models_open() == 0 && steered_lanes_open() == 0 ? 0 : -1;
}

static void prepare(answers *a) {
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

static mgeo_status score(mgi_runner *runner, size_t first, size_t count, answers *a) {
    a->status = mgi_runner_score(runner, mgi_now(), pairs + first, count, &a->scores, &a->error);
    return a->status;
}

static void check_scored(const answers *a, size_t first, size_t row) {
    assert_float_equal(a->similarity[row], expected[first + row], 0);
    assert_int_equal(a->flags[row] & ~MGEO_ROW_TRUNCATED, 0);
    assert_in_range(a->label[row], 0, LABELS - 1);
    float sum = 0;
    for (int i = 0; i < LABELS; i++) sum += a->probabilities[row * 4 + (size_t)i];
    assert_float_equal(sum, 1.0f, 1e-5);
}

static void check_skipped(const answers *a, size_t row) {
    assert_true(isnan(a->similarity[row]));
    assert_int_equal(a->label[row], -1);
    assert_int_equal(a->flags[row] & ~MGEO_ROW_TRUNCATED, MGEO_ROW_SKIPPED);
    for (int i = 0; i < LABELS; i++) assert_true(isnan(a->probabilities[row * 4 + (size_t)i]));
}

static bool is_skipped(const answers *a, size_t row) { return (a->flags[row] & MGEO_ROW_SKIPPED); }

/* ---- answers --------------------------------------------------------------------------------- */

static void score_all(uint32_t threads, uint32_t queue_rows, uint32_t batch_tokens) {
    mgi_runner *runner = make_runner(threads, queue_rows, batch_tokens);
    static answers a;
    prepare(&a);
    if (score(runner, 0, PAIRS_MOST, &a) != MGEO_OK) fail_msg("%s", a.error.message);
    for (size_t i = 0; i < PAIRS_MOST; i++) check_scored(&a, 0, i);
    assert_int_equal(a.scores.bad_rows, 0);
    assert_int_equal(a.scores.label_count, LABELS);
    assert_true(a.scores.tokens >= PAIRS_MOST * MGI_PAIR_SHORTEST);
    int32_t stage;
    uint64_t done, total;
    mgeo_progress_read(&a.progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_FINISHED);
    assert_int_equal(done, PAIRS_MOST);
    assert_int_equal(total, PAIRS_MOST);
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
    static answers a;
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
    assert_int_equal(mgi_runner_score(runner, mgi_now(), pairs, 20, &scores, NULL), MGEO_OK);
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
    assert_int_equal(mgi_runner_score(runner, mgi_now(), NULL, 0, &scores, NULL), MGEO_OK);
    assert_int_equal(scores.label_count, LABELS);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.calls, 1);
    mgi_runner_destroy(runner);
}

static void test_bad_texts_are_flagged_and_harm_nobody(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 4, 64);
    static answers a;
    mgeo_pair mixed[5] = {pairs[0], {"\xff", 1, "1", 1}, pairs[2], {"1", 1, "  ", 2}, pairs[4]};
    prepare(&a);
    assert_int_equal(mgi_runner_score(runner, mgi_now(), mixed, 5, &a.scores, NULL), MGEO_OK);
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
    assert_int_equal(mgi_runner_score(runner, mgi_now(), mixed + 1, 1, &a.scores, NULL), MGEO_OK);
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
    static answers a;
    static test_pair text;
    mgeo_pair pair = test_make_pair(&text, 3, 60);
    prepare(&a);
    assert_int_equal(mgi_runner_score(runner, mgi_now(), &pair, 1, &a.scores, NULL), MGEO_OK);
    assert_int_equal(a.flags[0], MGEO_ROW_TRUNCATED);
    assert_int_equal(a.scores.tokens, MAX_LENGTH);
    assert_float_equal(a.similarity[0],
                       test_expected(tokenizer, MAX_LENGTH, &labels, VARIANT, &pair), 0);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.truncated_rows, 1);
    mgi_runner_destroy(runner);
}

static void test_numbers_that_are_not_finite(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static answers a;
    mgeo_pair marked[3] = {pairs[0], {"1", 1, "#", 1}, pairs[2]};
    steered_poison(1); /* [UNK], which no other text here has */
    prepare(&a);
    assert_int_equal(mgi_runner_score(runner, mgi_now(), marked, 3, &a.scores, NULL), MGEO_OK);
    assert_int_equal(a.scores.bad_rows, 1);
    check_scored(&a, 0, 0);
    check_scored(&a, 0, 2);
    assert_int_equal(a.flags[1], MGEO_ROW_NOT_FINITE);
    assert_int_equal(a.label[1], -1);
    assert_true(isnan(a.similarity[1]));
    for (int i = 0; i < LABELS; i++) assert_true(isnan(a.probabilities[4 + i]));
    mgi_runner_destroy(runner);
}

static void test_too_few_columns_score_nothing(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static answers a;
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

static void test_a_lone_row_has_all_cores(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(3, 64, 512);
    static answers a;
    prepare(&a);
    assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
    steered_run run;
    assert_int_equal(steered_runs(&run, 1), 1);
    assert_int_equal(run.cores, 3);
    mgi_runner_destroy(runner);
}

static void test_batches_keep_to_their_budget(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 4096, 128);
    static answers a;
    static steered_run runs[PAIRS_MOST];
    prepare(&a);
    assert_int_equal(score(runner, 0, PAIRS_MOST, &a), MGEO_OK);
    unsigned count = steered_runs(runs, PAIRS_MOST);
    for (unsigned i = 0; i < count; i++) assert_in_range(runs[i].tokens, 1, 128);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.batches, count);
    assert_int_equal(stats.pairs, PAIRS_MOST);
    assert_int_equal(stats.tokens, a.scores.tokens);
    assert_int_equal(stats.queued_rows, 0);
    assert_int_equal(stats.calls_in_flight, 0);
    assert_true(stats.batch_rows_max > 1);
    assert_true(stats.call_seconds > 0 && stats.call_seconds_max <= stats.call_seconds);
    mgi_runner_destroy(runner);
}

/* ---- calls at once --------------------------------------------------------------------------- */

typedef struct caller {
    mgi_runner *runner;
    size_t first, count;
    answers a;
    atomic_bool returned;
} caller;

static void *call_once(void *argument) {
    caller *c = argument;
    score(c->runner, c->first, c->count, &c->a);
    atomic_store(&c->returned, true);
    return NULL;
}

static void start_caller(test_crew *crew, caller *c, mgi_runner *runner, size_t first,
                         size_t count) {
    c->runner = runner;
    c->first = first;
    c->count = count;
    atomic_store(&c->returned, false);
    prepare(&c->a);
    test_crew_start(crew, call_once, c);
}

static void test_few_rows_are_shared_by_idle_workers(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 64, 512);
    static caller one;
    test_crew crew = {0};
    steered_hold(true);
    start_caller(&crew, &one, runner, 0, 8);
    steered_await_waiting(2);
    steered_hold(false);
    test_crew_join(&crew);
    steered_run runs[2];
    assert_int_equal(steered_runs(runs, 2), 2);
    assert_int_equal(runs[0].rows + runs[1].rows, 8);
    for (int i = 0; i < 2; i++) {
        assert_in_range(runs[i].rows, 3, 5); /* of unlike lengths: half of the tokens */
        assert_int_equal(runs[i].cores, 1);
    }
    mgi_runner_destroy(runner);
}

static void await_queued(mgi_runner *runner, uint64_t rows) {
    mgeo_stats stats = {0};
    do {
        test_sleep(1);
        mgi_runner_stats(runner, &stats);
    } while (stats.queued_rows < rows);
}

static void test_callers_share_batches(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static caller callers[9];
    test_crew crew = {0};
    steered_hold(true);
    start_caller(&crew, &callers[0], runner, 0, 1);
    steered_await_waiting(1);
    for (int i = 1; i < 9; i++) start_caller(&crew, &callers[i], runner, (size_t)i, 1);
    await_queued(runner, 8);
    mgeo_stats stats = {0};
    mgi_runner_stats(runner, &stats);
    assert_int_equal(stats.calls_in_flight, 9);
    steered_hold(false);
    test_crew_join(&crew);
    steered_run runs[2];
    assert_int_equal(steered_runs(runs, 2), 2);
    assert_int_equal(runs[1].rows, 8);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(callers[i].a.status, MGEO_OK);
        check_scored(&callers[i].a, (size_t)i, 0);
    }
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
        size_t first = (m->number * 37 + i * 11) % (PAIRS_MOST - 3);
        size_t count = 1 + i % 3;
        if (mgi_runner_score(m->runner, mgi_now(), pairs + first, count, &scores, NULL) !=
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
    test_crew crew = {0};
    for (unsigned i = 0; i < 16; i++) {
        callers[i] = (many){.runner = runner, .number = i, .wrong = &wrong};
        test_crew_start(&crew, call_often, &callers[i]);
    }
    test_crew_join(&crew);
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

static void test_thousands_of_small_calls(void **state) {
    (void)state;
    score_thousands_of_small_calls();
    for (uint32_t lanes = 1; lanes <= 3; lanes++) { /* where callers may stand in for workers */
        steered_reset();
        steered_lanes(lanes, 64);
        score_thousands_of_small_calls();
    }
}

/* ---- a caller's own thread ------------------------------------------------------------------- */

static long thread_of_last_run(void) {
    static steered_run runs[64];
    unsigned count = steered_runs(runs, 64);
    assert_in_range(count, 1, 64);
    return runs[count - 1].thread;
}

/* The workers have only just started: until one is at rest, calls are theirs. Returns the calls. */
static unsigned await_stand_in(mgi_runner *runner) {
    static answers a;
    for (unsigned calls = 1; calls <= 1000; calls++) {
        prepare(&a);
        steered_reset();
        assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
        if (thread_of_last_run() == steered_own_thread()) {
            steered_reset();
            return calls;
        }
        test_sleep(5);
    }
    fail_msg("no call was computed where it came");
    return 0;
}

static void test_a_lone_call_is_computed_where_it_comes(void **state) {
    (void)state;
    steered_lanes(2, 100);
    mgi_runner *runner = make_runner(4, 64, 512);
    unsigned before = await_stand_in(runner);
    static answers a;
    for (size_t count = 1; count <= 3; count++) {
        prepare(&a);
        assert_int_equal(score(runner, 5, count, &a), MGEO_OK);
        for (size_t i = 0; i < count; i++) check_scored(&a, 5, i);
        assert_int_equal(thread_of_last_run(), steered_own_thread());
        assert_int_equal(steered_runs(NULL, 0), count); /* whole */
    }
    steered_fail_runs(1, 1, MGEO_E_DEVICE);
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

static void test_a_call_on_a_cpu_is_the_workers(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(2, 64, 512);
    static answers a;
    prepare(&a);
    assert_int_equal(score(runner, 0, 1, &a), MGEO_OK);
    assert_true(thread_of_last_run() != steered_own_thread());
    mgi_runner_destroy(runner);
}

static void test_a_call_beside_others_is_the_workers(void **state) {
    (void)state;
    steered_lanes(2, 100);
    mgi_runner *runner = make_runner(1, 64, 512);
    static caller first, second;
    test_crew crew = {0};
    steered_hold(true);
    start_caller(&crew, &first, runner, 0, 1);
    steered_await_waiting(1);
    start_caller(&crew, &second, runner, 1, 1);
    steered_await_waiting(2); /* another lane is free for it */
    steered_hold(false);
    test_crew_join(&crew);
    assert_int_equal(first.a.status, MGEO_OK);
    assert_int_equal(second.a.status, MGEO_OK);
    mgi_runner_destroy(runner);
}

/* The only lane is lent to a caller: the rows that come meanwhile are computed when it is back. */
static void test_rows_wait_for_a_lane_that_is_lent(void **state) {
    (void)state;
    steered_lanes(1, 100);
    mgi_runner *runner = make_runner(1, 64, 512);
    await_stand_in(runner);
    static caller callers[5];
    test_crew crew = {0};
    steered_hold(true);
    start_caller(&crew, &callers[0], runner, 0, 1);
    steered_await_waiting(1);
    for (size_t i = 1; i < 5; i++) start_caller(&crew, &callers[i], runner, i, 1);
    await_queued(runner, 4);
    steered_hold(false);
    test_crew_join(&crew);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(callers[i].a.status, MGEO_OK);
        check_scored(&callers[i].a, i, 0);
    }
    assert_int_equal(steered_runs(NULL, 0), 2);
    mgi_runner_destroy(runner);
}

/* ---- cancellation ---------------------------------------------------------------------------- */

static void cancel_while_held(uint32_t queue_rows) {
    mgi_runner *runner = make_runner(1, queue_rows, 64);
    static caller big;
    test_crew crew = {0};
    steered_hold(true);
    start_caller(&crew, &big, runner, 0, PAIRS_MOST);
    steered_await_waiting(1);
    mgeo_progress_cancel(&big.a.progress);
    mgeo_stats stats = {0};
    do {
        test_sleep(1);
        mgi_runner_stats(runner, &stats);
    } while (stats.queued_rows > 0);
    test_sleep(30);
    assert_false(atomic_load(&big.returned)); /* a worker still has rows of its arrays */
    steered_hold(false);
    test_crew_join(&crew);
    assert_int_equal(big.a.status, MGEO_E_CANCELLED);
    size_t scored = 0;
    for (size_t i = 0; i < PAIRS_MOST; i++) {
        if (is_skipped(&big.a, i)) {
            check_skipped(&big.a, i);
        } else {
            check_scored(&big.a, 0, i);
            scored++;
        }
    }
    steered_run run;
    assert_int_equal(steered_runs(&run, 1), 1);
    assert_int_equal(scored, run.rows);
    assert_int_equal(big.a.scores.bad_rows, PAIRS_MOST - scored);
    prepare(&big.a);
    assert_int_equal(score(runner, 0, 20, &big.a), MGEO_OK);
    mgi_runner_destroy(runner);
}

static void test_cancelled_calls_end_when_their_rows_are_out(void **state) {
    (void)state;
    cancel_while_held(4096);
    steered_reset();
    cancel_while_held(8); /* most rows have not found room in the queue */
}

static void test_cancelled_before_it_began(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    static answers a;
    prepare(&a);
    mgeo_progress_cancel(&a.progress);
    assert_int_equal(score(runner, 0, 50, &a), MGEO_E_CANCELLED);
    for (size_t i = 0; i < 50; i++) check_skipped(&a, i);
    assert_int_equal(steered_runs(NULL, 0), 0);
    mgi_runner_destroy(runner);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void test_a_failure_fails_its_calls_only(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 64);
    static caller first, second;
    test_crew crew = {0};
    steered_fail_runs(1, 1, MGEO_E_DEVICE);
    steered_hold(true);
    start_caller(&crew, &first, runner, 0, 1);
    steered_await_waiting(1);
    start_caller(&crew, &second, runner, 10, 5);
    steered_hold(false);
    test_crew_join(&crew);
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
    static answers a;
    prepare(&a);
    steered_fail_runs(5, 1, status);
    assert_int_equal(score(runner, 0, PAIRS_MOST, &a), status);
    size_t skipped = 0;
    for (size_t i = 0; i < PAIRS_MOST; i++) {
        if (is_skipped(&a, i)) {
            check_skipped(&a, i);
            skipped++;
        } else {
            check_scored(&a, 0, i);
        }
    }
    assert_in_range(skipped, 1, PAIRS_MOST - 4);
    assert_int_equal(a.scores.bad_rows, skipped);
    prepare(&a); /* the next call is answered */
    assert_int_equal(score(runner, 0, 50, &a), MGEO_OK);
    for (size_t i = 0; i < 50; i++) check_scored(&a, 0, i);
    mgi_runner_destroy(runner);
}

static void test_rows_scored_before_a_failure_stay(void **state) {
    (void)state;
    fail_in_the_middle(MGEO_E_DEVICE, 4096);
    steered_reset();
    fail_in_the_middle(MGEO_E_INTERNAL, 8);
}

static void test_a_lost_device_may_come_back(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    static answers a;
    steered_fail_runs(1, 1, MGEO_E_DEVICE);
    steered_fail_lanes(true);
    for (int i = 0; i < 3; i++) {
        prepare(&a);
        assert_int_equal(score(runner, 0, 2, &a), MGEO_E_DEVICE);
    }
    assert_non_null(strstr(a.error.message, "no lane"));
    assert_non_null(strstr(a.error.message, "load a model on another device and swap, or roll"));
    assert_false(mgi_runner_healthy(runner));
    steered_fail_lanes(false);
    prepare(&a);
    assert_int_equal(score(runner, 0, 2, &a), MGEO_OK);
    assert_true(mgi_runner_healthy(runner));
    mgi_runner_destroy(runner);
}

static void test_a_device_that_opens_again_stays_healthy(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 16, 64);
    static answers a;
    prepare(&a);
    steered_fail_runs(1, 1, MGEO_E_DEVICE);
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
    static answers a;
    test_crew crew = {0};
    steered_hold(true);
    start_caller(&crew, &one, runner, 0, 1);
    steered_await_waiting(1);
    steered_let_by(1);
    steered_fail_runs(1, 1, MGEO_E_DEVICE);
    steered_fail_lanes(true);
    prepare(&a);
    assert_int_equal(score(runner, 10, 1, &a), MGEO_E_DEVICE);
    assert_false(mgi_runner_healthy(runner));
    steered_hold(false);
    test_crew_join(&crew);
    assert_int_equal(one.a.status, MGEO_OK);
    assert_true(mgi_runner_healthy(runner));
    mgi_runner_destroy(runner);
}

/* Every batch is packed once, counted once and answered whole, in however many parts. */
static void test_too_little_memory_halves_batches(void **state) {
    (void)state;
    static answers a;
    for (uint32_t most = 1; most < 12; most += 3) {
        steered_reset();
        mgi_runner *runner = make_runner(2, 4096, 512);
        steered_rows_most(most);
        prepare(&a);
        if (score(runner, 0, PAIRS_MOST, &a) != MGEO_OK) fail_msg("%s", a.error.message);
        for (size_t i = 0; i < PAIRS_MOST; i++) check_scored(&a, 0, i);
        mgeo_stats stats = {0};
        mgi_runner_stats(runner, &stats);
        assert_int_equal(stats.pairs, PAIRS_MOST);
        assert_int_equal(stats.bad_rows, 0);
        assert_int_equal(stats.tokens, a.scores.tokens);
        assert_true(stats.batch_rows_max > most);
        assert_true(steered_runs(NULL, 0) > stats.batches);
        mgi_runner_destroy(runner);
    }
}

/* One batch of rows by three callers; one row, alone, is still too much. */
static void test_a_row_too_large_fails_its_call_alone(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static caller callers[4];
    test_crew crew = {0};
    steered_hold(true);
    start_caller(&crew, &callers[3], runner, 90, 1); /* keeps the worker busy */
    steered_await_waiting(1);
    for (size_t i = 0; i < 3; i++) start_caller(&crew, &callers[i], runner, 10 * i, 2);
    await_queued(runner, 6);
    steered_fail_runs(1, 3, MGEO_E_MEMORY); /* all six, the first three, the first */
    steered_hold(false);
    test_crew_join(&crew);
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
static void test_a_device_lost_between_the_parts(void **state) {
    (void)state;
    mgi_runner *runner = make_runner(1, 64, 512);
    static answers a;
    prepare(&a);
    steered_rows_most(4);
    steered_fail_runs(3, 1, MGEO_E_DEVICE);
    steered_fail_lanes(true);
    assert_int_equal(score(runner, 0, 8, &a), MGEO_E_DEVICE);
    size_t skipped = 0;
    for (size_t i = 0; i < 8; i++) skipped += is_skipped(&a, i);
    assert_int_equal(skipped, 4);
    assert_int_equal(a.scores.bad_rows, 4);
    steered_fail_lanes(false);
    prepare(&a);
    assert_int_equal(score(runner, 0, 8, &a), MGEO_OK);
    mgi_runner_destroy(runner);
}

static void test_a_device_has_its_own_lanes(void **state) {
    (void)state;
    steered_lanes(3, 200);
    mgi_runner *runner = make_runner(8, 4096, 512);
    assert_int_equal(steered_lanes_open(), 3);
    assert_int_equal(mgi_runner_threads(runner), 3);
    static answers a;
    prepare(&a);
    assert_int_equal(score(runner, 0, PAIRS_MOST, &a), MGEO_OK);
    for (size_t i = 0; i < PAIRS_MOST; i++) check_scored(&a, 0, i);
    static steered_run runs[PAIRS_MOST];
    unsigned count = steered_runs(runs, PAIRS_MOST);
    for (unsigned i = 0; i < count; i++) assert_int_equal(runs[i].cores, 1);
    mgi_runner_destroy(runner);
}

static void test_allocation_failures(void **state) {
    (void)state;
    static answers a;
    for (long nth = 1;; nth++) {
        mgi_model *model = stub_model_create(&(stub_options){.backend = &steered_backend,
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
    static steered_run runs[64];
    unsigned count = steered_runs(runs, 64);
    unsigned full = 0, lone = 0;
    for (unsigned i = 0; i < count; i++) {
        full += runs[i].tokens == 256 && runs[i].cores == 1;
        lone += runs[i].rows == 1 && runs[i].cores == 2;
    }
    assert_true(full >= 2);
    assert_true(lone >= 1);
    uint64_t done, total;
    int32_t stage;
    mgeo_progress_read(&progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_WARMING);
    assert_int_equal(done, count);
    assert_true(done <= total);
    static answers a;
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
    assert_int_equal(steered_runs(NULL, 0), 0);
    steered_fail_runs(3, 1, MGEO_E_DEVICE);
    mgeo_error error = {0};
    assert_int_equal(mgi_runner_warm_up(runner, NULL, &error), MGEO_E_DEVICE);
    assert_int_equal(error.status, MGEO_E_DEVICE);
    mgi_runner_destroy(runner);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, before_each, after_each)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_row_gets_its_own_answer),
        TEST(test_a_call_may_be_larger_than_the_queue),
        TEST(test_the_columns_behind_the_labels_are_left_alone),
        TEST(test_only_similarity_is_required),
        TEST(test_no_rows_are_a_call_too),
        TEST(test_bad_texts_are_flagged_and_harm_nobody),
        TEST(test_long_rows_are_cut_and_flagged),
        TEST(test_numbers_that_are_not_finite),
        TEST(test_too_few_columns_score_nothing),
        TEST(test_few_rows_are_shared_by_idle_workers),
        TEST(test_a_lone_row_has_all_cores),
        TEST(test_batches_keep_to_their_budget),
        TEST(test_callers_share_batches),
        TEST(test_thousands_of_small_calls),
        TEST(test_a_lone_call_is_computed_where_it_comes),
        TEST(test_a_call_on_a_cpu_is_the_workers),
        TEST(test_a_call_beside_others_is_the_workers),
        TEST(test_rows_wait_for_a_lane_that_is_lent),
        TEST(test_cancelled_calls_end_when_their_rows_are_out),
        TEST(test_cancelled_before_it_began),
        TEST(test_a_failure_fails_its_calls_only),
        TEST(test_rows_scored_before_a_failure_stay),
        TEST(test_a_lost_device_may_come_back),
        TEST(test_a_device_that_opens_again_stays_healthy),
        TEST(test_an_answer_shows_a_healthy_device),
        TEST(test_too_little_memory_halves_batches),
        TEST(test_a_row_too_large_fails_its_call_alone),
        TEST(test_a_device_lost_between_the_parts),
        TEST(test_a_device_has_its_own_lanes),
        TEST(test_allocation_failures),
        TEST(test_warm_up_runs_all_lanes_and_lengths),
        TEST(test_warm_up_can_be_cancelled_and_can_fail),
    };
    return cmocka_run_group_tests(tests, make_pairs, free_pairs);
}
