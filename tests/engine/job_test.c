/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: one model from begin to end, whatever turns meanwhile. */
#include "support/engine_fixture.h"

#include <string.h>

static mgeo_job *begin_job(uint32_t standby) {
    mgeo_job *job = NULL;
    mgeo_job_options options = {.struct_size = sizeof options, .standby = standby};
    if (mgeo_job_begin(engine, &options, &job, &error) != MGEO_OK) fail_msg("%s", error.message);
    return job;
}

static void check_job(mgeo_job *job, uint32_t model, uint64_t generation) {
    float similarity = -1;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    assert_int_equal(mgeo_job_score(job, &pair, 1, &scores, &error), MGEO_OK);
    assert_float_equal(similarity, expected[model], 0);
    assert_int_equal(scores.generation, generation);
}

static void test_a_job_keeps_its_model_through_swaps(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_job *job = begin_job(0);
    for (int i = 0; i < 5; i++) {
        check_job(job, 0, 1);
        assert_int_equal(swap(), MGEO_OK);
    }
    check_job(job, 0, 1);
    check_answer(1, 2);
    mgeo_job_end(job);
}

static void test_a_job_on_the_standby_model(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_job *job = begin_job(1);
    check_job(job, 1, 2);
    check_answer(0, 1);
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(mgeo_job_get_info(job, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 2);
    assert_string_equal(info.version, "model-1");
    assert_int_equal(info.live, 0);
    mgeo_job_end(job);
}

static void test_a_held_model_is_neither_unloaded_nor_replaced(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_job *job = begin_job(0);
    assert_int_equal(swap(), MGEO_OK); /* the job's model stands by */
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_BUSY);
    assert_int_equal(load_path(paths[2], NULL), MGEO_E_BUSY);
    check_job(job, 0, 1);
    mgeo_job_end(job);
    assert_int_equal(load(2), 3);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

static void *load_third(void *argument) {
    loader *l = argument;
    mgeo_load_options options = on("controllable");
    options.skip_warm_up = 0;
    options.progress = &l->progress;
    l->status = mgeo_load(engine, l->path, &options, NULL, &l->error);
    return NULL;
}

/* Until the load has come to its last step: to be the one who empties the standby slot. */
static void await_last_step(void) {
    while (mgi_lock_try(&engine->standby_lock)) {
        mgi_lock_release(&engine->standby_lock);
        test_sleep(1);
    }
}

/* A load under way when its slot comes to be held: it waits, and may be cancelled. */
static void check_load_meets_job(bool cancel) {
    load(0);
    load(1);
    mgeo_job *job = begin_job(0);
    loader slow = {.path = paths[2]};
    test_threads threads = {0};
    controllable_hold(true);
    test_threads_start(&threads, load_third, &slow);
    controllable_await_waiting(1);
    mgeo_job *other = begin_job(1); /* so that the load has nowhere to go, whoever is live */
    assert_int_equal(swap(), MGEO_OK);
    controllable_hold(false);
    await_last_step();
    check_job(job, 0, 1);
    assert_int_equal(swap(), MGEO_OK); /* nothing is kept from turning */
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    mgeo_job_end(other);
    if (cancel) mgeo_progress_cancel(&slow.progress);
    if (!cancel) mgeo_job_end(job);
    test_threads_join(&threads);
    assert_int_equal(slow.status, cancel ? MGEO_E_CANCELLED : MGEO_OK);
    if (cancel) check_job(job, 0, 1);
    if (cancel) mgeo_job_end(job);
    check_answer(1, 2);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(cancel ? 0 : 2, cancel ? 1 : 3);
}

static void test_a_load_waits_for_a_job(void **state) {
    (void)state;
    check_load_meets_job(false);
}

static void test_a_load_that_waits_for_a_job_is_cancelled(void **state) {
    (void)state;
    check_load_meets_job(true);
}

static void test_the_canary_chooses_by_the_jobs_key(void **state) {
    (void)state;
    load(0);
    load(1);
    assert_int_equal(mgeo_set_canary(engine, 5000, NULL, &error), MGEO_OK);
    unsigned standby = 0;
    for (uint64_t key = 0; key < 64; key++) {
        mgeo_job *job = NULL;
        mgeo_job_options options = {.struct_size = sizeof options, .route_key = key};
        assert_int_equal(mgeo_job_begin(engine, &options, &job, &error), MGEO_OK);
        mgeo_model_info info = {.struct_size = sizeof info};
        assert_int_equal(mgeo_job_get_info(job, &info, &error), MGEO_OK);
        float similarity;
        mgeo_scores scores = {
            .struct_size = sizeof scores, .similarity = &similarity, .route_key = key};
        assert_int_equal(mgeo_score(engine, &pair, 1, &scores, &error), MGEO_OK);
        if (key == 0) assert_int_equal(info.generation, 1);
        if (key != 0) assert_int_equal(info.generation, scores.generation);
        standby += info.generation == 2;
        mgeo_job_end(job);
    }
    assert_in_range(standby, 16, 48);
}

static void test_jobs_are_counted(void **state) {
    (void)state;
    load(0);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    mgeo_job *one = begin_job(0);
    mgeo_job *two = begin_job(0);
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    assert_int_equal(rollout.jobs, 2);
    mgeo_job_end(one);
    mgeo_job_end(two);
    mgeo_job_end(NULL);
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    assert_int_equal(rollout.jobs, 0);
}

static void test_jobs_that_cannot_begin_are_refused(void **state) {
    (void)state;
    mgeo_job *job = (mgeo_job *)&error;
    mgeo_job_options options = {.struct_size = sizeof options, .standby = 2};
    assert_int_equal(mgeo_job_begin(engine, NULL, &job, &error), MGEO_E_NO_MODEL);
    assert_null(job);
    load(0);
    assert_int_equal(mgeo_job_begin(engine, &options, &job, &error), MGEO_E_ARGUMENT);
    options.standby = 1;
    assert_int_equal(mgeo_job_begin(engine, &options, &job, &error), MGEO_E_NO_MODEL);
    assert_int_equal(mgeo_job_begin(engine, NULL, NULL, &error), MGEO_E_ARGUMENT);
    assert_int_equal(mgeo_job_score(NULL, NULL, 0, NULL, &error), MGEO_E_ARGUMENT);
    mgi_alloc_fail_at(1);
    assert_int_equal(mgeo_job_begin(engine, NULL, &job, &error), MGEO_E_MEMORY);
    mgi_alloc_fail_at(0);
    job = begin_job(0);
    assert_int_equal(mgeo_job_score(job, &pair, 1, NULL, &error), MGEO_E_ARGUMENT);
    assert_int_equal(mgeo_job_get_info(job, NULL, &error), MGEO_E_ARGUMENT);
    mgeo_job_end(job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_job_keeps_its_model_through_swaps),
        TEST(test_a_job_on_the_standby_model),
        TEST(test_a_held_model_is_neither_unloaded_nor_replaced),
        TEST(test_a_load_waits_for_a_job),
        TEST(test_a_load_that_waits_for_a_job_is_cancelled),
        TEST(test_the_canary_chooses_by_the_jobs_key),
        TEST(test_jobs_are_counted),
        TEST(test_jobs_that_cannot_begin_are_refused),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
