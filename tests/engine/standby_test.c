/* SPDX-License-Identifier: Apache-2.0 */
/* The standby slot where several want it at once: loads, unloads, jobs, watches, a canary. */
#define _GNU_SOURCE
#include "engine/rollout/roll_back.h"
#include "support/engine_fixture.h"

#include <stdatomic.h>

/* ---- an unload beside a load that waits ------------------------------------------------------ */

typedef struct unloader {
    mgeo_status status;
    atomic_bool done;
} unloader;

static void *unload_once(void *argument) {
    unloader *u = argument;
    u->status = mgeo_unload(engine, NULL);
    atomic_store(&u->done, true);
    return NULL;
}

static bool is_done_soon(unloader *u) {
    for (int i = 0; i < 500 && !atomic_load(&u->done); i++) test_sleep(10);
    return atomic_load(&u->done);
}

static mgeo_job *begin_standby_job(void) {
    mgeo_job_options options = {.struct_size = sizeof options, .standby = 1};
    mgeo_job *job = NULL;
    assert_int_equal(mgeo_job_begin(engine, &options, &job, &error), MGEO_OK);
    return job;
}

/* Starts a load, and lets the job begin before its last step, which then waits for the job. */
static mgeo_job *begin_job_beside_load(loader *slow, test_threads *threads) {
    controllable_hold(true);
    test_threads_start(threads, load_controllable, slow);
    controllable_await_waiting(1);
    mgeo_job *job = begin_standby_job();
    controllable_hold(false);
    test_sleep(50);
    return job;
}

/* A load waits as long as the job runs. An unload says at once that the job is in its way. */
static void test_an_unload_does_not_wait_behind_a_load_that_waits_for_a_job(void **state) {
    (void)state;
    load(0);
    load(1);
    loader slow = {.path = paths[2]};
    unloader u = {0};
    test_threads loaders = {0}, unloaders = {0};
    mgeo_job *job = begin_job_beside_load(&slow, &loaders);
    test_threads_start(&unloaders, unload_once, &u);
    bool at_once = is_done_soon(&u);
    mgeo_job_end(job);
    test_threads_join(&loaders);
    test_threads_join(&unloaders);
    assert_true(at_once);
    assert_int_equal(u.status, MGEO_E_BUSY);
    assert_int_equal(slow.status, MGEO_OK);
}

/* ---- a watch that speaks too late ------------------------------------------------------------ */

/* The turn that a watch would follow; its breach is played by the tests. */
static uint64_t turn_to_second(void) {
    load(0);
    load(1);
    assert_int_equal(swap(), MGEO_OK);
    return mgi_slots_route(&engine->slots);
}

static void expect_no_way_back(uint64_t route, uint64_t generation) {
    assert_false(mgi_roll_back_for_watch(engine, route, "too late", NULL, 0));
    check_answer(1, generation);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    assert_int_equal(rollout.watch_roll_backs, 0);
}

static void test_no_turn_back_to_an_empty_slot(void **state) {
    (void)state;
    uint64_t route = turn_to_second();
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    assert_int_equal(mgi_slots_route(&engine->slots), route); /* which is why it must look */
    expect_no_way_back(route, 2);
}

static void test_no_turn_back_to_another_model(void **state) {
    (void)state;
    uint64_t route = turn_to_second();
    load(2);
    assert_int_equal(mgi_slots_route(&engine->slots), route);
    expect_no_way_back(route, 2);
}

static void await_emptying(void) {
    bool emptying;
    do {
        test_sleep(1);
        mgi_lock_acquire(&engine->mutex);
        emptying = engine->draining;
        mgi_lock_release(&engine->mutex);
    } while (!emptying);
}

/* A call keeps the former model while an unload waits for it: it may not go live any more. */
static void test_no_turn_back_to_a_slot_that_is_being_emptied(void **state) {
    (void)state;
    uint64_t route = turn_to_second();
    mgi_lock_acquire(&engine->mutex);
    mgi_pin call = mgi_slots_pin_slot(&engine->slots, MGEO_BLUE);
    mgi_lock_release(&engine->mutex);
    unloader u = {0};
    test_threads threads = {0};
    test_threads_start(&threads, unload_once, &u);
    await_emptying();
    expect_no_way_back(route, 2);
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_E_NO_MODEL);
    assert_int_equal(mgeo_set_canary(engine, 1, NULL, &error), MGEO_E_NO_MODEL);
    mgeo_job_options options = {.struct_size = sizeof options, .standby = 1};
    mgeo_job *job = NULL;
    assert_int_equal(mgeo_job_begin(engine, &options, &job, &error), MGEO_E_NO_MODEL);
    assert_false(atomic_load(&u.done));
    mgi_slots_unpin(&engine->slots, call);
    test_threads_join(&threads);
    assert_int_equal(u.status, MGEO_OK);
    check_answer(1, 2);
}

/* ---- a canary's model ------------------------------------------------------------------------ */

static void test_no_load_over_a_canary(void **state) {
    (void)state;
    load(0);
    load(1);
    assert_int_equal(mgeo_set_canary(engine, 1, NULL, &error), MGEO_OK);
    assert_int_equal(load_path(paths[2], NULL), MGEO_E_BUSY);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_BUSY);
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    assert_int_equal(rollout.standby_generation, 2);
    assert_int_equal(rollout.canary_share, 1);
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK);
    assert_int_equal(load(2), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_an_unload_does_not_wait_behind_a_load_that_waits_for_a_job),
        TEST(test_no_turn_back_to_an_empty_slot),
        TEST(test_no_turn_back_to_another_model),
        TEST(test_no_turn_back_to_a_slot_that_is_being_emptied),
        TEST(test_no_load_over_a_canary),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
