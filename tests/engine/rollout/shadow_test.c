/* SPDX-License-Identifier: Apache-2.0 */
/* Shadow calls through the public functions, on the fake backend: chosen, bounded, ended. */
#include "engine/rollout/shadow_calls.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* ---- which calls ----------------------------------------------------------------------------- */

static void test_the_share_is_kept_evenly(void **state) {
    (void)state;
    load_pair(1);
    static const uint32_t shares[] = {1, 100, 2500, 7777};
    for (unsigned i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        assert_int_equal(shadow(shares[i]), MGEO_OK);
        for (uint32_t k = 0; k < 1000; k++) ask(NULL);
        double wanted = 0.1 * shares[i];
        assert_true(fabs((double)await_rest().calls - wanted) < 3);
    }
}

static void test_a_canarys_and_a_jobs_calls_are_not_taken(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    assert_int_equal(mgeo_set_canary(engine, MGEO_SHARE_ALL, NULL, &error), MGEO_OK);
    call(20);
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK);
    float similarity[COMPARED];
    int32_t label[COMPARED];
    score_by(false, 20, similarity, label);
    assert_int_equal(await_rest().calls, 0);
    call(5);
    assert_int_equal(await_rest().calls, 5);
}

/* ---- live answers ---------------------------------------------------------------------------- */

static void check_answers(bool with_labels) {
    for (uint32_t i = 0; i < 50; i++) {
        test_pair texts[3];
        mgeo_pair pairs[3];
        float plain[3], similarity[3];
        int32_t plain_label[3], label[3];
        for (uint32_t k = 0; k < 3; k++) pairs[k] = test_make_pair(&texts[k], 3 * i + k, 3);
        mgeo_scores scores = {
            .struct_size = sizeof scores, .similarity = plain, .label = plain_label};
        mgeo_job *job = NULL;
        assert_int_equal(mgeo_job_begin(engine, NULL, &job, &error), MGEO_OK);
        assert_int_equal(mgeo_job_score(job, pairs, 3, &scores, &error), MGEO_OK);
        mgeo_job_end(job);
        scores.similarity = similarity;
        scores.label = with_labels ? label : NULL;
        assert_int_equal(mgeo_score(engine, pairs, 3, &scores, &error), MGEO_OK);
        assert_memory_equal(similarity, plain, sizeof plain);
        assert_int_equal(scores.generation, 1);
        assert_ptr_equal(scores.label, with_labels ? label : NULL);
        if (with_labels) assert_memory_equal(label, plain_label, sizeof label);
    }
}

static void test_live_answers_are_the_same(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(5000), MGEO_OK);
    check_answers(true);
    check_answers(false);
}

static void test_live_calls_go_on_while_standby_stands_still(void **state) {
    (void)state;
    load_pair(1);
    mgeo_shadow_options options = {.struct_size = sizeof options, .queue_rows = 16};
    assert_int_equal(mgeo_set_shadow(engine, MGEO_SHARE_ALL, &options, &error), MGEO_OK);
    controllable_hold(true);
    call(200); /* or this would never return */
    mgeo_shadow_report report = report_now();
    check_sums(&report);
    assert_int_equal(report.calls, 200);
    assert_in_range(report.waiting, 1, 16);
    assert_int_equal(report.dropped, 200 - report.waiting);
    controllable_hold(false);
    report = await_rest();
    assert_in_range(report.compared, 1, 16);
}

static void test_a_call_larger_than_the_queue(void **state) {
    (void)state;
    load_pair(1);
    enum { PAIRS = 100 };
    mgeo_shadow_options options = {.struct_size = sizeof options, .queue_rows = 16};
    assert_int_equal(mgeo_set_shadow(engine, MGEO_SHARE_ALL, &options, &error), MGEO_OK);
    mgeo_pair pairs[PAIRS];
    float similarity[PAIRS];
    for (int i = 0; i < PAIRS; i++) pairs[i] = pair;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    mgeo_shadow_report report = {.compared = 0};
    for (int i = 1; i <= 100 && report.compared == 0; i++) {
        assert_int_equal(mgeo_score(engine, pairs, PAIRS, &scores, &error), MGEO_OK);
        report = await_rest();
        assert_int_equal(report.pairs, i * PAIRS);
    }
    assert_int_equal(report.compared, 16);
}

static void test_out_of_memory_drops_pairs(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    ask(NULL); /* the runner's call is pooled from here on */
    await_rest();
    uint64_t dropped = report_now().dropped;
    mgi_alloc_fail_at(1); /* the lent labels */
    check_answer(0, 1);
    mgi_alloc_fail_at(0);
    mgeo_shadow_report report = await_rest();
    assert_int_equal(report.pairs, 2);
    assert_int_equal(report.dropped, dropped + 1);
}

/* ---- priority -------------------------------------------------------------------------------- */

static int niceness_of(uint32_t full_speed) {
    controllable_run runs[1];
    mgeo_shadow_options options = {.struct_size = sizeof options, .full_speed = full_speed};
    assert_int_equal(mgeo_set_shadow(engine, MGEO_SHARE_ALL, &options, &error), MGEO_OK);
    controllable_reset();
    for (int i = 0; i < 100 && controllable_runs(NULL, 0) == 0; i++) {
        call(1);
        await_rest();
    }
    assert_true(controllable_runs(runs, 1) > 0);
    return runs[0].nice;
}

static void test_the_thread_is_nice_unless_full_speed_is_set(void **state) {
    (void)state;
    load_pair(1);
    assert_true(niceness_of(0) >= 10);
    assert_int_equal(niceness_of(1), controllable_own_nice());
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void test_share_0_keeps_the_figures(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    call(50);
    assert_int_equal(shadow(0), MGEO_OK);
    mgeo_shadow_report report = report_now();
    assert_int_equal(report.share, 0);
    assert_int_equal(report.waiting, 0);
    assert_int_equal(report.pairs, 50);
    check_sums(&report);
    call(50);
    mgeo_shadow_report later = report_now();
    assert_memory_equal(&later, &report, sizeof report);
    assert_int_equal(shadow(0), MGEO_OK);
    assert_int_equal(shadow(1), MGEO_OK);
    assert_int_equal(report_now().pairs, 0);
}

static void test_a_turn_ends_it(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    call(20);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(share_now(), 0);
    mgeo_shadow_report report = await_rest();
    assert_int_equal(report.pairs, 20);
    call(20); /* of the other model now */
    assert_int_equal(report_now().pairs, 20);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    assert_int_equal(report_now().live_generation, 2);
    call(20);
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    assert_int_equal(share_now(), 0);
    await_rest();
}

/* A swap in the middle of a batch does not wait, and what waited is dropped. */
static void test_a_turn_does_not_wait_for_it(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    controllable_hold(true);
    call(30);
    controllable_await_waiting(1);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(share_now(), 0);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(0, 1);
    controllable_hold(false);
    mgeo_shadow_report report = await_rest();
    assert_in_range(report.compared, 1, 8);
    assert_int_equal(report.dropped, 30 - report.compared);
}

static void *unload(void *argument) {
    *(mgeo_status *)argument = mgeo_unload(engine, NULL);
    return NULL;
}

static void test_an_unload_waits_for_a_batch_at_most(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    controllable_hold(true);
    call(30);
    controllable_await_waiting(1);
    mgeo_status unloaded = MGEO_E_INTERNAL;
    test_threads threads = {0};
    test_threads_start(&threads, unload, &unloaded);
    while (share_now() > 0) test_sleep(1); /* the unload has begun */
    check_answer(0, 1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_E_NO_MODEL);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(unloaded, MGEO_OK);
    mgeo_shadow_report report = await_rest();
    assert_int_equal(report.pairs, 30);
    assert_in_range(report.compared, 1, 8);
    assert_int_equal(controllable_lanes_open(), 0); /* its lane went before its model */
}

static void test_a_load_ends_it(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    call(20);
    load(2);
    assert_int_equal(share_now(), 0);
    assert_int_equal(controllable_lanes_open(), 0);
    await_rest();
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    assert_int_equal(report_now().standby_generation, 3);
}

static void test_an_engine_ends_with_it(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    call(50); /* some of them wait */
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void test_a_shadow_that_cannot_be_is_refused(void **state) {
    (void)state;
    assert_int_equal(shadow(1), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(shadow(1), MGEO_E_NO_MODEL);
    loader next = {.path = paths[1]};
    load_controllable(&next);
    mgeo_shadow_options options = {.struct_size = sizeof options, .worst_pairs = 1025};
    assert_int_equal(mgeo_set_shadow(engine, 1, &options, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "worst_pairs is 1025"));
    options = (mgeo_shadow_options){.struct_size = sizeof options, .queue_rows = 65537};
    assert_int_equal(mgeo_set_shadow(engine, 1, &options, &error), MGEO_E_ARGUMENT);
    controllable_fail_lanes(true);
    assert_int_equal(shadow(1), MGEO_E_DEVICE);
    assert_int_equal(share_now(), 0);
    controllable_fail_lanes(false);
    assert_int_equal(shadow(1), MGEO_OK);
    assert_true(was_logged("shadow calls: 1 of 10,000, were 0"));
}

/* A shadow that cannot begin leaves the one that runs as it is. */
static void test_a_failed_change_changes_nothing(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    call(10);
    long failed = 0;
    mgeo_status status = MGEO_E_MEMORY;
    for (long nth = 1; status == MGEO_E_MEMORY && nth < 100; nth++) {
        await_rest();
        mgi_alloc_fail_at(nth);
        status = shadow(5000);
        mgi_alloc_fail_at(0);
        if (status == MGEO_OK) break;
        failed++;
        assert_int_equal(share_now(), MGEO_SHARE_ALL);
        assert_int_equal(report_now().pairs, 10);
    }
    assert_int_equal(status, MGEO_OK);
    assert_true(failed > 3);
    assert_int_equal(share_now(), 5000);
}

static void test_not_beside_a_load(void **state) {
    (void)state;
    load(0);
    load(1);
    loader slow = {.path = paths[2]};
    test_threads threads = {0};
    controllable_hold(true);
    test_threads_start(&threads, load_controllable, &slow);
    controllable_await_waiting(1);
    assert_int_equal(shadow(1), MGEO_E_BUSY);
    assert_int_equal(shadow(0), MGEO_OK);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(slow.status, MGEO_OK);
    assert_int_equal(shadow(1), MGEO_OK);
}

/* ---- all at once ----------------------------------------------------------------------------- */

static atomic_bool going;

static void *keep_calling(void *argument) {
    (void)argument;
    for (uint32_t i = 0; atomic_load(&going); i++) {
        test_pair texts;
        float similarity;
        mgeo_pair one = test_make_pair(&texts, i % 100, 3);
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
        if (mgeo_score(engine, &one, 1, &scores, NULL) != MGEO_OK) return &going;
    }
    return NULL;
}

static void *keep_asking(void *argument) {
    (void)argument;
    while (atomic_load(&going)) {
        mgeo_shadow_report report = {.struct_size = sizeof report};
        mgeo_get_shadow(engine, &report, NULL);
        mgeo_get_shadow_pair(engine, 0, NULL, NULL, 0, NULL, 0, NULL);
        uint64_t settled = report.dropped + report.failed + report.lost + report.compared;
        if (report.pairs != settled + report.waiting) return &going;
        test_sleep(1);
    }
    return NULL;
}

static void *keep_setting(void *argument) {
    (void)argument;
    for (uint32_t i = 0; atomic_load(&going); i++) {
        mgeo_set_shadow(engine, i % 3 == 0 ? 0 : 3000 * (i % 3), NULL, NULL);
        test_sleep(1);
    }
    return NULL;
}

static void test_swaps_loads_and_unloads_meanwhile(void **state) {
    (void)state;
    load_pair(1);
    pthread_t threads[4];
    void *(*const bodies[4])(void *) = {keep_calling, keep_calling, keep_asking, keep_setting};
    atomic_store(&going, true);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, bodies[i], 0), 0);
    }
    for (uint32_t i = 0; i < 40; i++) {
        if (i % 4 == 0) mgeo_unload(engine, NULL);
        if (i % 4 == 0) load(i % MODELS);
        mgeo_swap_model(engine, NULL, NULL, NULL);
        test_sleep(2);
    }
    atomic_store(&going, false);
    for (int i = 0; i < 4; i++) {
        void *fault = NULL;
        pthread_join(threads[i], &fault);
        assert_null(fault);
    }
    await_rest();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_share_is_kept_evenly),
        TEST(test_a_canarys_and_a_jobs_calls_are_not_taken),
        TEST(test_live_answers_are_the_same),
        TEST(test_live_calls_go_on_while_standby_stands_still),
        TEST(test_a_call_larger_than_the_queue),
        TEST(test_out_of_memory_drops_pairs),
        TEST(test_the_thread_is_nice_unless_full_speed_is_set),
        TEST(test_share_0_keeps_the_figures),
        TEST(test_a_turn_ends_it),
        TEST(test_a_turn_does_not_wait_for_it),
        TEST(test_an_unload_waits_for_a_batch_at_most),
        TEST(test_a_load_ends_it),
        TEST(test_an_engine_ends_with_it),
        TEST(test_a_shadow_that_cannot_be_is_refused),
        TEST(test_a_failed_change_changes_nothing),
        TEST(test_not_beside_a_load),
        TEST(test_swaps_loads_and_unloads_meanwhile),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
