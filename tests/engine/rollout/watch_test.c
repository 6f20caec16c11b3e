/* SPDX-License-Identifier: Apache-2.0 */
/* Watches through the public functions, on the fake backend: passed, turned back, ended. */
#include "support/engine_fixture.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 20000 };

static char other[TINY_PATH_BYTES]; /* a model whose similarities lie elsewhere */

static int make_more_models(void **state) {
    int failed = make_models(state);
    tiny_model_write(root, "other", &(tiny_model){.variant = 40, .labels = 3}, other);
    return failed;
}

static mgeo_watch_report report_now(void) {
    mgeo_watch_report report = {.struct_size = sizeof report};
    assert_int_equal(mgeo_get_watch(engine, &report, &error), MGEO_OK);
    return report;
}

/* Waits until the watch is over. */
static mgeo_watch_report await_end(void) {
    mgeo_watch_report report = report_now();
    for (int i = 0; i < PATIENCE_MS && report.state == MGEO_WATCH_RUNNING; i++) {
        test_sleep(1);
        report = report_now();
    }
    return report;
}

static void check_end(mgeo_watch_state state, const char *part) {
    mgeo_watch_report report = await_end();
    if (report.state != (int32_t)state) fail_msg("state %d: %s", report.state, report.reason);
    if (strstr(report.reason, part) == NULL) fail_msg("%s: no \"%s\"", report.reason, part);
}

/* The line comes when traffic has turned already. */
static void await_logged(const char *part) {
    for (int i = 0; i < PATIENCE_MS && !was_logged(part); i++) test_sleep(1);
    assert_true(was_logged(part));
}

static mgeo_rollout rollout_now(void) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    return rollout;
}

/* Calls of one pair each, all different; returns how many failed. */
static unsigned call(unsigned count, uint64_t first_key) {
    unsigned failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        test_pair texts;
        float similarity;
        mgeo_pair one = test_make_pair(&texts, i, 3);
        mgeo_scores scores = {.struct_size = sizeof scores,
                              .similarity = &similarity,
                              .route_key = first_key != 0 ? first_key + i : 0};
        failed += mgeo_score(engine, &one, 1, &scores, NULL) != MGEO_OK;
    }
    return failed;
}

/* One model that has answered `calls` calls, and on standby one on the controllable device. */
static void load_pair(unsigned calls, const char *path) {
    load(0);
    assert_int_equal(call(calls, 0), 0);
    loader next = {.path = path};
    load_controllable(&next);
    if (next.status != MGEO_OK) fail_msg("%s", next.error.message);
    assert_int_equal(next.generation, 2);
}

static void swap_watched(mgeo_watch watch) {
    watch.struct_size = sizeof watch;
    mgeo_swap_options options = {.struct_size = sizeof options, .watch = &watch};
    if (mgeo_swap_model(engine, &options, NULL, &error) != MGEO_OK) fail_msg("%s", error.message);
}

/* ---- passed ---------------------------------------------------------------------------------- */

static void test_none_at_first(void **state) {
    (void)state;
    mgeo_watch_report report = report_now();
    assert_int_equal(report.state, MGEO_WATCH_NONE);
    assert_int_equal(report.check_count, 0);
    assert_int_equal(rollout_now().watch_state, MGEO_WATCH_NONE);
}

static void test_a_good_model_passes(void **state) {
    (void)state;
    load_pair(100, paths[0]); /* the same model again */
    swap_watched((mgeo_watch){.window_calls = 100,
                              .max_error_rate = -1,
                              .max_not_finite_rate = -1,
                              .max_latency_ratio = 10000,
                              .max_psi = 0.1});
    mgeo_watch_report report = report_now();
    assert_int_equal(report.state, MGEO_WATCH_RUNNING);
    assert_int_equal(report.generation, 2);
    assert_int_equal(report.former_generation, 1);
    assert_int_equal(report.check_count, 4);
    assert_true(isnan(report.checks[0].measured));
    assert_int_equal(rollout_now().watch_state, MGEO_WATCH_RUNNING);
    assert_int_equal(call(100, 0), 0);
    check_end(MGEO_WATCH_PASSED, "");
    report = report_now();
    assert_int_equal(report.calls, 100);
    assert_string_equal(report.reason, "");
    for (int i = 0; i < 4; i++) assert_int_equal(report.checks[i].passed, 1);
    assert_float_equal(report.checks[0].measured, 0, 0);
    assert_float_equal(report.checks[1].measured, 0, 0);
    assert_true(report.checks[2].measured > 0);
    assert_float_equal(report.checks[3].measured, 0, 0);
    check_answer(0, 2);
    assert_int_equal(rollout_now().watch_state, MGEO_WATCH_PASSED);
    await_logged("is over after 100 calls");
}

/* Puts an engine with a journal in the other one's place. */
static void begin_journal(char path[TINY_PATH_BYTES + 16]) {
    snprintf(path, TINY_PATH_BYTES + 16, "%s/journal", root);
    mgeo_engine_destroy(engine);
    mgeo_engine_options options = {.struct_size = sizeof options, .journal = path};
    if (mgeo_engine_create(&options, &engine, &error) != MGEO_OK) fail_msg("%s", error.message);
}

static bool was_journaled(const char *path, const char *first, const char *second) {
    char line[8192];
    bool found = false;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        found = found || (strstr(line, first) != NULL && strstr(line, second) != NULL);
    }
    fclose(file);
    return found;
}

static void await_journaled(const char *path, const char *first, const char *second) {
    for (int i = 0; i < PATIENCE_MS && !was_journaled(path, first, second); i++) test_sleep(1);
    assert_true(was_journaled(path, first, second));
}

static void test_the_journal_tells_how_it_ended(void **state) {
    (void)state;
    char path[TINY_PATH_BYTES + 16];
    begin_journal(path);
    load_pair(100, paths[0]);
    swap_watched((mgeo_watch){.window_calls = 60, .max_error_rate = -1});
    assert_int_equal(call(60, 0), 0);
    check_end(MGEO_WATCH_PASSED, "");
    await_journaled(path, "\"event\":\"watch\"", "\"former_generation\":1,\"calls\":60");
    assert_int_equal(swap(), MGEO_OK);
    swap_watched((mgeo_watch){.window_calls = 60, .max_error_rate = -1});
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    assert_int_equal(call(1, 0), 1);
    check_end(MGEO_WATCH_TURNED_BACK, "error_rate");
    await_journaled(path, "\"event\":\"rollback\",\"actor\":\"watch\"",
                    "\"name\":\"error_rate\",\"measured\":1.0,\"limit\":0.0,\"passed\":false");
}

static void test_too_few_calls_to_judge(void **state) {
    (void)state;
    load_pair(100, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 0.05, .max_psi = -1, .max_latency_ratio = 0.001});
    assert_int_equal(call(10, 0), 0);
    check_end(MGEO_WATCH_PASSED, "too few calls came to judge: 10 of 50");
    mgeo_watch_report report = report_now();
    assert_true(report.seconds >= 0.05);
    assert_true(isnan(report.checks[2].measured));
    assert_true(isnan(report.checks[3].measured));
    check_answer(1, 2);
}

/* ---- turned back ----------------------------------------------------------------------------- */

static void check_turned_back(const char *part) {
    check_end(MGEO_WATCH_TURNED_BACK, part);
    check_answer(0, 1);
    mgeo_rollout rollout = rollout_now();
    assert_int_equal(rollout.watch_state, MGEO_WATCH_TURNED_BACK);
    assert_int_equal(rollout.live_generation, 1);
    assert_int_equal(rollout.roll_backs, 1);
    assert_int_equal(rollout.watch_roll_backs, 1);
}

static void test_the_first_failed_call_turns_back(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .max_error_rate = -1});
    assert_int_equal(call(20, 0), 0);
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    assert_int_equal(call(1, 0), 1);
    check_turned_back("error_rate 0.04762 > 0, after 21 calls");
    assert_int_equal(report_now().calls, 21);
    assert_int_equal(report_now().checks[0].passed, 0);
}

static void test_an_error_rate_turns_back(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .min_calls = 40, .max_error_rate = 0.1});
    controllable_fail_runs(1, 5, MGEO_E_DEVICE);
    assert_int_equal(call(5, 0), 5);
    check_turned_back("error_rate 1 > 0.1, after 5 calls");
}

static void test_answers_that_are_not_finite_turn_back(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .min_calls = 10, .max_not_finite_rate = 0.5});
    controllable_poison(2); /* [CLS]: every row */
    assert_int_equal(call(9, 0), 0);
    assert_int_equal(report_now().state, MGEO_WATCH_RUNNING); /* whatever a look has seen */
    assert_int_equal(call(1, 0), 0);
    check_turned_back("not_finite_rate 1 > 0.5, after 10 calls");
}

static void test_slow_answers_turn_back(void **state) {
    (void)state;
    load_pair(200, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .min_calls = 10, .max_latency_ratio = 3});
    controllable_delay(30);
    assert_int_equal(call(10, 0), 0);
    check_turned_back("latency_ratio");
}

static void test_other_answers_turn_back(void **state) {
    (void)state;
    load_pair(200, other);
    swap_watched((mgeo_watch){.window_seconds = 3600, .max_psi = 0.2});
    assert_int_equal(call(60, 0), 0);
    check_turned_back("psi");
    assert_true(report_now().checks[3].measured > 0.2);
    await_logged("the watch turned traffic back to model-0: psi");
}

/* ---- a canary's watch ------------------------------------------------------------------------ */

static void set_canary(uint32_t share, mgeo_watch watch) {
    watch.struct_size = sizeof watch;
    mgeo_canary_options options = {.struct_size = sizeof options, .watch = &watch};
    if (mgeo_set_canary(engine, share, &options, &error) != MGEO_OK) fail_msg("%s", error.message);
}

static void test_a_canary_is_held_against_the_live_model(void **state) {
    (void)state;
    load_pair(0, paths[0]);
    set_canary(5000, (mgeo_watch){.window_calls = 100, .max_psi = 0.1, .max_error_rate = -1});
    assert_int_equal(call(300, 1), 0);
    check_end(MGEO_WATCH_PASSED, "");
    mgeo_watch_report report = report_now();
    assert_int_equal(report.generation, 2);
    assert_int_equal(report.former_generation, 1);
    assert_true(report.checks[3].measured >= 0); /* both have answered enough in the window */
    assert_int_equal(rollout_now().canary_share, 5000);
}

static void test_a_bad_canary_ends(void **state) {
    (void)state;
    load_pair(0, other);
    set_canary(5000, (mgeo_watch){.window_seconds = 3600, .max_psi = 0.2});
    assert_int_equal(call(400, 1), 0);
    check_turned_back("psi");
    assert_int_equal(rollout_now().canary_share, 0);
}

static void test_a_canary_of_all_calls(void **state) {
    (void)state;
    load_pair(100, other); /* what the live model is known by */
    set_canary(MGEO_SHARE_ALL, (mgeo_watch){.window_seconds = 3600, .max_psi = 0.2});
    assert_int_equal(call(60, 0), 0);
    check_turned_back("psi");
}

/* The former model as a canary: when its share ends, the swap can still be taken back. */
static void test_a_bad_canary_leaves_the_way_back(void **state) {
    (void)state;
    load_pair(0, other);
    assert_int_equal(swap(), MGEO_OK);
    controllable_reset();
    set_canary(5000, (mgeo_watch){.window_seconds = 3600, .max_psi = 0.2});
    assert_int_equal(call(400, 1), 0);
    check_end(MGEO_WATCH_TURNED_BACK, "psi");
    assert_int_equal(rollout_now().live_generation, 2);
    assert_int_equal(rollout_now().former_generation, 1);
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    check_answer(0, 1);
}

static void test_another_share_ends_a_watch(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    set_canary(5000, (mgeo_watch){.window_seconds = 3600, .max_psi = 0.2});
    assert_int_equal(mgeo_set_canary(engine, 6000, NULL, &error), MGEO_OK);
    check_end(MGEO_WATCH_ENDED, "the canary's share was set anew");
    assert_int_equal(rollout_now().canary_share, 6000);
}

/* ---- ended ----------------------------------------------------------------------------------- */

static void test_a_swap_ends_it(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .max_error_rate = -1});
    assert_int_equal(call(3, 0), 0);
    assert_int_equal(swap(), MGEO_OK);
    mgeo_watch_report report = report_now();
    assert_int_equal(report.state, MGEO_WATCH_ENDED);
    assert_string_equal(report.reason, "traffic was turned by a swap or a roll-back");
    assert_int_equal(report.calls, 3); /* counted to the end */
    assert_int_equal(rollout_now().watch_roll_backs, 0);
}

static void test_a_roll_back_ends_it(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .max_error_rate = -1});
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    assert_int_equal(report_now().state, MGEO_WATCH_ENDED);
    check_answer(0, 1);
}

static void test_it_ends_when_the_former_model_goes(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .max_error_rate = -1});
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    check_end(MGEO_WATCH_ENDED, "was unloaded, or replaced by a load");
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    assert_int_equal(call(1, 0), 1);
    check_answer(1, 2);
    load(2);
    swap_watched((mgeo_watch){.window_seconds = 3600, .max_error_rate = -1});
    assert_int_equal(report_now().state, MGEO_WATCH_RUNNING);
    load(3); /* replaces the former model */
    assert_int_equal(report_now().state, MGEO_WATCH_ENDED);
}

/* The engine's end joins the thread, in a watch and between two: under a leak check as well. */
static void test_an_engine_ends_in_a_watch(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    swap_watched((mgeo_watch){.window_seconds = 3600, .max_error_rate = -1});
    assert_int_equal(report_now().state, MGEO_WATCH_RUNNING);
}

static atomic_bool calling;

static void *keep_calling(void *argument) {
    while (atomic_load(&calling)) *(unsigned *)argument += call(10, 0);
    return NULL;
}

static void test_many_watches_under_load(void **state) {
    (void)state;
    load(0);
    load(1);
    unsigned failed[2] = {0};
    test_threads threads = {0};
    atomic_store(&calling, true);
    for (int i = 0; i < 2; i++) test_threads_start(&threads, keep_calling, &failed[i]);
    unsigned ends[5] = {0};
    for (int i = 0; i < 150; i++) {
        swap_watched((mgeo_watch){.window_calls = 1 + (uint64_t)i % 7, .max_error_rate = -1});
        if (i % 3 == 0) test_sleep(1);
        if (i % 10 == 0) await_end();
        ends[report_now().state]++;
    }
    atomic_store(&calling, false);
    test_threads_join(&threads);
    assert_int_equal(failed[0] + failed[1], 0);
    assert_true(ends[MGEO_WATCH_PASSED] >= 15);
    assert_int_equal(ends[MGEO_WATCH_NONE] + ends[MGEO_WATCH_TURNED_BACK] + ends[MGEO_WATCH_ENDED],
                     0);
    assert_int_equal(rollout_now().swaps, 150);
}

static void test_a_refused_watch_turns_nothing(void **state) {
    (void)state;
    load_pair(0, paths[1]);
    mgeo_watch watch = {.struct_size = sizeof watch, .window_calls = 10};
    mgeo_swap_options options = {.struct_size = sizeof options, .watch = &watch};
    assert_int_equal(mgeo_swap_model(engine, &options, NULL, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "mgeo_swap_options.watch: no limit is set"));
    check_answer(0, 1);
    mgeo_canary_options canary = {.struct_size = sizeof canary, .watch = &watch};
    assert_int_equal(mgeo_set_canary(engine, 10, &canary, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "mgeo_canary_options.watch"));
    assert_int_equal(report_now().state, MGEO_WATCH_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_none_at_first),
        TEST(test_a_good_model_passes),
        TEST(test_the_journal_tells_how_it_ended),
        TEST(test_too_few_calls_to_judge),
        TEST(test_the_first_failed_call_turns_back),
        TEST(test_an_error_rate_turns_back),
        TEST(test_answers_that_are_not_finite_turn_back),
        TEST(test_slow_answers_turn_back),
        TEST(test_other_answers_turn_back),
        TEST(test_a_canary_is_held_against_the_live_model),
        TEST(test_a_bad_canary_ends),
        TEST(test_a_canary_of_all_calls),
        TEST(test_a_bad_canary_leaves_the_way_back),
        TEST(test_another_share_ends_a_watch),
        TEST(test_a_swap_ends_it),
        TEST(test_a_roll_back_ends_it),
        TEST(test_it_ends_when_the_former_model_goes),
        TEST(test_an_engine_ends_in_a_watch),
        TEST(test_many_watches_under_load),
        TEST(test_a_refused_watch_turns_nothing),
    };
    return cmocka_run_group_tests(tests, make_more_models, remove_models);
}
