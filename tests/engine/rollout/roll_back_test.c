/* SPDX-License-Identifier: Apache-2.0 */
/* Rolling back by hand: where it leads, and when there is no way. */
#include "support/engine_fixture.h"

#include <string.h>

static mgeo_status roll_back(mgeo_swap_receipt *receipt) {
    mgeo_roll_back_options options = {
        .struct_size = sizeof options, .actor = "somebody", .reason = "a test"};
    return mgeo_roll_back(engine, &options, receipt, &error);
}

static mgeo_rollout rollout_now(void) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    return rollout;
}

static void test_back_to_the_former_model(void **state) {
    (void)state;
    load(0);
    load(1);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(rollout_now().former_generation, 1);
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    assert_int_equal(roll_back(&receipt), MGEO_OK);
    assert_int_equal(receipt.from_generation, 2);
    assert_int_equal(receipt.to_generation, 1);
    assert_string_equal(receipt.to_version, "model-0");
    assert_int_equal(receipt.journal_status, MGEO_OK);
    assert_int_equal(receipt.journal_line, 0);
    check_answer(0, 1);
    assert_true(was_logged("rolled back from model-1"));
    mgeo_rollout rollout = rollout_now();
    assert_int_equal(rollout.roll_backs, 1);
    assert_int_equal(rollout.swaps, 1);
    assert_int_equal(rollout.watch_roll_backs, 0);
    assert_int_equal(rollout.former_generation, 0);
}

static void test_two_hands_roll_back_once(void **state) {
    (void)state;
    load(0);
    load(1);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(roll_back(NULL), MGEO_OK);
    assert_int_equal(roll_back(NULL), MGEO_E_NO_MODEL);
    check_answer(0, 1);
}

static void test_there_is_no_way_back_without_a_former_model(void **state) {
    (void)state;
    assert_int_equal(roll_back(NULL), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(roll_back(NULL), MGEO_E_NO_MODEL);
    load(1);
    assert_int_equal(roll_back(NULL), MGEO_E_NO_MODEL); /* nothing was swapped yet */
    assert_int_equal(swap(), MGEO_OK);
    load(2); /* replaces the former model */
    assert_int_equal(roll_back(NULL), MGEO_E_NO_MODEL);
    assert_non_null(strstr(error.message, "no model to go back to"));
    check_answer(1, 2);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
    assert_int_equal(roll_back(NULL), MGEO_E_NO_MODEL);
}

static void test_a_canary_is_ended(void **state) {
    (void)state;
    load(0);
    load(1);
    assert_int_equal(mgeo_set_canary(engine, MGEO_SHARE_ALL, NULL, &error), MGEO_OK);
    check_answer(1, 2);
    mgeo_swap_receipt receipt = {.struct_size = sizeof receipt};
    assert_int_equal(roll_back(&receipt), MGEO_OK);
    assert_int_equal(receipt.from_generation, 1);
    assert_int_equal(receipt.to_generation, 1);
    assert_int_equal(rollout_now().canary_share, 0);
    check_answer(0, 1);
}

/* A canary on the former model: both go back in one step. */
static void test_a_canary_after_a_swap(void **state) {
    (void)state;
    load(0);
    load(1);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_set_canary(engine, 5000, NULL, &error), MGEO_OK);
    assert_int_equal(roll_back(NULL), MGEO_OK);
    assert_int_equal(rollout_now().canary_share, 0);
    check_answer(0, 1);
}

static void test_a_load_keeps_no_roll_back_waiting(void **state) {
    (void)state;
    load(0);
    load(1);
    assert_int_equal(swap(), MGEO_OK);
    loader slow = {.path = paths[2]};
    test_threads threads = {0};
    controllable_hold(true);
    test_threads_start(&threads, load_controllable, &slow);
    controllable_await_waiting(1);
    assert_int_equal(roll_back(NULL), MGEO_OK);
    check_answer(0, 1);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(slow.status, MGEO_OK);
    check_answer(0, 1); /* the load has replaced the model that was turned away from */
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_back_to_the_former_model),
        TEST(test_two_hands_roll_back_once),
        TEST(test_there_is_no_way_back_without_a_former_model),
        TEST(test_a_canary_is_ended),
        TEST(test_a_canary_after_a_swap),
        TEST(test_a_load_keeps_no_roll_back_waiting),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
