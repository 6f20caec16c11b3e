/* SPDX-License-Identifier: Apache-2.0 */
/* Swaps and unloads through the public functions, on the fake backend. */
#include "support/engine_fixture.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static void test_a_swap_and_its_receipt(void **state) {
    (void)state;
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
    load(1);
    mgeo_swap_options options = {.struct_size = sizeof options, .expect_generation = 7};
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    assert_int_equal(mgeo_swap_model(engine, &options, &receipt, &error), MGEO_E_REFUSED);
    assert_int_equal(receipt.from_generation, 1); /* the receipt says what it was about */
    assert_int_equal(receipt.to_generation, 2);
    check_answer(0, 1);
    options.expect_generation = 2;
    assert_int_equal(mgeo_swap_model(engine, &options, &receipt, &error), MGEO_OK);
    assert_int_equal(receipt.from_generation, 1);
    assert_int_equal(receipt.to_generation, 2);
    assert_int_equal(receipt.from_slot, MGEO_BLUE);
    assert_int_equal(receipt.to_slot, MGEO_GREEN);
    assert_int_equal(receipt.calls_in_flight, 0);
    assert_string_equal(receipt.from_version, "model-0");
    assert_string_equal(receipt.to_version, "model-1");
    assert_true(was_logged("swapped from model-0 (generation 1) to model-1 (generation 2, green)"));
    check_answer(1, 2);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(0, 1);
}

static void *unload(void *argument) {
    *(mgeo_status *)argument = mgeo_unload(engine, NULL);
    return NULL;
}

static void test_calls_in_flight_end_on_their_model(void **state) {
    (void)state;
    loader one = {.path = paths[0]};
    load_controllable(&one);
    load(1);
    scoring_thread early = {0};
    test_threads asking = {0}, unloading = {0};
    controllable_hold(true);
    test_threads_start(&asking, score_once, &early);
    controllable_await_waiting(1);
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    assert_int_equal(mgeo_swap_model(engine, NULL, &receipt, &error), MGEO_OK);
    assert_int_equal(receipt.calls_in_flight, 1);
    check_answer(1, 2);
    mgeo_status unloaded = MGEO_E_INTERNAL;
    test_threads_start(&unloading, unload, &unloaded);
    mgeo_swap_options never = {.struct_size = sizeof never, .expect_generation = 99};
    while (mgeo_swap_model(engine, &never, NULL, &error) == MGEO_E_REFUSED) test_sleep(1);
    assert_int_equal(error.status, MGEO_E_NO_MODEL); /* the unload has begun */
    assert_non_null(strstr(error.message, "being unloaded"));
    check_answer(1, 2); /* calls are answered while the slot drains */
    assert_int_equal(unloaded, MGEO_E_INTERNAL);
    controllable_hold(false);
    test_threads_join(&asking);
    test_threads_join(&unloading);
    assert_int_equal(unloaded, MGEO_OK);
    assert_int_equal(early.status, MGEO_OK);
    assert_int_equal(early.generation, 1);
    assert_float_equal(early.similarity, expected[0], 0);
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
}

static void test_an_unload_frees_the_standby_model(void **state) {
    (void)state;
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_NO_MODEL);
    load(1);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    assert_true(was_logged("unloaded model-1"));
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_NO_MODEL);
    check_answer(0, 1);
    assert_int_equal(load(2), 3);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    check_answer(2, 3);
}

/* ---- threads --------------------------------------------------------------------------------- */

static void load_two_controllable(void) {
    mgeo_load_options options = on("controllable");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mgeo_load(engine, paths[i], &options, NULL, &error), MGEO_OK);
    }
}

static unsigned different_threads(void) {
    enum { MOST = 16 };
    controllable_run runs[MOST];
    unsigned count = controllable_runs(runs, MOST), different = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned before = 0;
        while (before < i && runs[before].thread != runs[i].thread) before++;
        different += before == i;
    }
    return different;
}

/* Two threads a model; one more while both have callers. */
static void test_the_models_share_their_threads(void **state) {
    (void)state;
    load_two_controllable();
    for (unsigned round = 0; round < 4; round++) {
        test_threads asking = {0};
        scoring_thread askers[2] = {0};
        controllable_hold(true);
        for (int i = 0; i < 2; i++) test_threads_start(&asking, score_once, &askers[i]);
        controllable_await_waiting(2);
        controllable_hold(false);
        test_threads_join(&asking);
        for (int i = 0; i < 2; i++) {
            assert_float_equal(askers[i].similarity, expected[round % 2], 0);
        }
        assert_int_equal(swap(), MGEO_OK);
    }
    assert_in_range(different_threads(), 2, 3);
}

static void test_a_slow_model_does_not_keep_the_other_waiting(void **state) {
    (void)state;
    load_two_controllable();
    test_threads slow = {0}, next = {0};
    scoring_thread askers[3] = {0};
    controllable_hold(true);
    for (int i = 0; i < 2; i++) test_threads_start(&slow, score_once, &askers[i]);
    controllable_await_waiting(2); /* both threads */
    assert_int_equal(swap(), MGEO_OK);
    test_threads_start(&next, score_once, &askers[2]);
    controllable_await_waiting(3);
    controllable_hold(false);
    test_threads_join(&slow);
    test_threads_join(&next);
    for (int i = 0; i < 3; i++) assert_float_equal(askers[i].similarity, expected[i / 2], 0);
}

/* ---- loads that wait ------------------------------------------------------------------------- */

/* A load that is complete while a long call holds the standby model. */
typedef struct waiting_load {
    test_threads asking, loading;
    scoring_thread early;
    loader third;
} waiting_load;

static void *load_quickly(void *argument) {
    loader *l = argument;
    mgeo_load_options options = on("fake");
    mgeo_model_info info = {.struct_size = sizeof info};
    l->status = mgeo_load(engine, l->path, &options, &info, &l->error);
    l->slot = info.slot;
    return NULL;
}

static void begin_waiting_load(waiting_load *w, double patience) {
    *w = (waiting_load){.third = {.path = paths[2]}};
    engine->drain_grace_seconds = patience;
    loader first = {.path = paths[0]};
    load_controllable(&first);
    load(1);
    controllable_hold(true);
    test_threads_start(&w->asking, score_once, &w->early);
    controllable_await_waiting(1);
    assert_int_equal(swap(), MGEO_OK);
    test_threads_start(&w->loading, load_quickly, &w->third);
}

static void end_waiting_load(waiting_load *w) {
    controllable_hold(false);
    test_threads_join(&w->asking);
    test_threads_join(&w->loading);
    assert_int_equal(w->third.status, MGEO_OK);
    assert_int_equal(w->early.status, MGEO_OK);
    assert_float_equal(w->early.similarity, expected[0], 0);
}

static void test_rollback_while_a_load_waits_for_the_standby_model(void **state) {
    (void)state;
    waiting_load w;
    begin_waiting_load(&w, 1000);
    test_sleep(30);
    assert_int_equal(swap(), MGEO_OK); /* the load takes the other slot instead */
    test_threads_join(&w.loading);
    assert_int_equal(w.third.slot, MGEO_GREEN);
    end_waiting_load(&w);
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
}

static void test_a_load_that_loses_patience_keeps_the_standby_model_down(void **state) {
    (void)state;
    waiting_load w;
    begin_waiting_load(&w, 0);
    mgeo_swap_options never = {.struct_size = sizeof never, .expect_generation = 99};
    while (mgeo_swap_model(engine, &never, NULL, &error) == MGEO_E_REFUSED) test_sleep(1);
    assert_int_equal(error.status, MGEO_E_NO_MODEL);
    check_answer(1, 2);
    end_waiting_load(&w);
    assert_int_equal(w.third.slot, MGEO_BLUE);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_swap_and_its_receipt),
        TEST(test_calls_in_flight_end_on_their_model),
        TEST(test_an_unload_frees_the_standby_model),
        TEST(test_the_models_share_their_threads),
        TEST(test_a_slow_model_does_not_keep_the_other_waiting),
        TEST(test_rollback_while_a_load_waits_for_the_standby_model),
        TEST(test_a_load_that_loses_patience_keeps_the_standby_model_down),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
