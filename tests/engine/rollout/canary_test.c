/* SPDX-License-Identifier: Apache-2.0 */
/* The canary's share: who answers, how stably, and what sets it back. */
#include "engine/rollout/canary.h"
#include "support/engine_fixture.h"

#include <stdio.h>
#include <string.h>

enum { CALLS = 400 };

static void load_two(void) {
    assert_int_equal(load(0), 1);
    assert_int_equal(load(1), 2);
}

/* Which generation answers call number i by its key, or by its texts where by_text. */
static uint64_t answering(uint32_t number, bool by_text) {
    test_pair texts;
    mgeo_pair own = by_text ? test_make_pair(&texts, number, 3) : pair;
    float similarity;
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = &similarity,
                          .route_key = by_text ? 0 : 1 + number};
    if (mgeo_score(engine, &own, 1, &scores, &error) != MGEO_OK) fail_msg("%s", error.message);
    return scores.generation;
}

static unsigned answered_by_standby(bool by_text, bool answers[CALLS]) {
    unsigned count = 0;
    for (uint32_t i = 0; i < CALLS; i++) {
        answers[i] = answering(i, by_text) == 2;
        count += answers[i];
    }
    return count;
}

static uint32_t share_now(void) {
    mgeo_rollout rollout = {.struct_size = sizeof rollout};
    assert_int_equal(mgeo_get_rollout(engine, &rollout, &error), MGEO_OK);
    return rollout.canary_share;
}

static void check_shares(bool by_text) {
    bool none[CALLS], some[CALLS], again[CALLS], more[CALLS], all[CALLS];
    assert_int_equal(answered_by_standby(by_text, none), 0);
    assert_int_equal(mgeo_set_canary(engine, 2500, NULL, &error), MGEO_OK);
    assert_in_range(answered_by_standby(by_text, some), CALLS / 8, CALLS * 3 / 8);
    answered_by_standby(by_text, again);
    assert_memory_equal(some, again, sizeof some); /* the same call meets the same model */
    assert_int_equal(mgeo_set_canary(engine, 6000, NULL, &error), MGEO_OK);
    answered_by_standby(by_text, more);
    for (int i = 0; i < CALLS; i++) assert_true(more[i] || !some[i]); /* a greater share adds */
    assert_int_equal(mgeo_set_canary(engine, MGEO_SHARE_ALL, NULL, &error), MGEO_OK);
    assert_int_equal(answered_by_standby(by_text, all), CALLS);
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK);
    assert_int_equal(answered_by_standby(by_text, none), 0);
}

static void test_shares_by_key(void **state) {
    (void)state;
    load_two();
    check_shares(false);
}

static void test_shares_by_text(void **state) {
    (void)state;
    load_two();
    check_shares(true);
}

static void test_a_call_of_many_pairs_meets_one_model(void **state) {
    (void)state;
    load_two();
    assert_int_equal(mgeo_set_canary(engine, 5000, NULL, &error), MGEO_OK);
    for (uint32_t call = 0; call < 50; call++) {
        test_pair texts[8];
        mgeo_pair pairs[8];
        float similarity[8];
        mgeo_pair same[8];
        for (uint32_t i = 0; i < 8; i++) {
            pairs[i] = test_make_pair(&texts[i], call * 8 + i, 2);
            same[i] = pair;
        }
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
        assert_int_equal(mgeo_score(engine, pairs, 8, &scores, &error), MGEO_OK);
        assert_in_range(scores.generation, 1, 2);
        scores.route_key = call + 1;
        assert_int_equal(mgeo_score(engine, same, 8, &scores, &error), MGEO_OK);
        for (int i = 0; i < 8; i++) {
            assert_float_equal(similarity[i], expected[scores.generation - 1], 0);
        }
    }
}

static void test_each_model_keeps_its_own_counts(void **state) {
    (void)state;
    load_two();
    bool answers[CALLS];
    assert_int_equal(mgeo_set_canary(engine, 3000, NULL, &error), MGEO_OK);
    unsigned standby = answered_by_standby(false, answers);
    mgeo_stats stats = {.struct_size = sizeof stats};
    assert_int_equal(mgeo_get_stats(engine, MGEO_STANDBY, &stats, &error), MGEO_OK);
    assert_int_equal(stats.calls, standby);
    assert_int_equal(mgeo_get_stats(engine, MGEO_LIVE, &stats, &error), MGEO_OK);
    assert_int_equal(stats.calls, CALLS - standby);
}

static void test_a_swap_ends_it(void **state) {
    (void)state;
    load_two();
    assert_int_equal(mgeo_set_canary(engine, MGEO_SHARE_ALL, NULL, &error), MGEO_OK);
    check_answer(1, 2);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(share_now(), 0);
    check_answer(1, 2);
}

static void test_the_standby_model_stays_while_it_answers(void **state) {
    (void)state;
    load_two();
    assert_int_equal(mgeo_set_canary(engine, 1, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_BUSY);
    assert_non_null(strstr(error.message, "1 of 10,000"));
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

static void test_a_share_without_a_model_to_take_it_is_refused(void **state) {
    (void)state;
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK); /* nothing to stop */
    assert_int_equal(mgeo_set_canary(engine, 1, NULL, &error), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(mgeo_set_canary(engine, 1, NULL, &error), MGEO_E_NO_MODEL);
    load(1);
    assert_int_equal(mgeo_set_canary(engine, 10001, NULL, &error), MGEO_E_ARGUMENT);
    mgeo_canary_options options = {.struct_size = sizeof options, .expect_generation = 7};
    assert_int_equal(mgeo_set_canary(engine, 1, &options, &error), MGEO_E_REFUSED);
    assert_non_null(strstr(error.message, "not 7 as expected"));
    assert_int_equal(share_now(), 0);
    options.expect_generation = 2;
    assert_int_equal(mgeo_set_canary(engine, 1, &options, &error), MGEO_OK);
    assert_int_equal(share_now(), 1);
}

static void test_not_beside_a_load(void **state) {
    (void)state;
    load_two();
    loader slow = {.path = paths[2]};
    test_threads threads = {0};
    controllable_hold(true);
    test_threads_start(&threads, load_controllable, &slow);
    controllable_await_waiting(1);
    assert_int_equal(mgeo_set_canary(engine, 100, NULL, &error), MGEO_E_BUSY);
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(slow.status, MGEO_OK);
    assert_int_equal(mgeo_set_canary(engine, 100, NULL, &error), MGEO_OK);
}

static void test_points_are_the_same_everywhere(void **state) {
    (void)state;
    static const mgeo_pair split[2] = {{"ab", 2, "c", 1}, {"a", 1, "bc", MGEO_NUL_TERMINATED}};
    /* Part of the contract: a customer keeps his model when the process starts again. */
    assert_int_equal(mgi_canary_bucket_of_key(1), 78);
    assert_int_equal(mgi_canary_bucket_of_pairs(split, 1), 9541);
    assert_int_not_equal(mgi_canary_bucket_of_pairs(split, 1),
                         mgi_canary_bucket_of_pairs(split + 1, 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_shares_by_key),
        TEST(test_shares_by_text),
        TEST(test_a_call_of_many_pairs_meets_one_model),
        TEST(test_each_model_keeps_its_own_counts),
        TEST(test_a_swap_ends_it),
        TEST(test_the_standby_model_stays_while_it_answers),
        TEST(test_a_share_without_a_model_to_take_it_is_refused),
        TEST(test_not_beside_a_load),
        TEST(test_points_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
