/* SPDX-License-Identifier: Apache-2.0 */
/* Gates on the fake backend: what they let through, what they refuse and how they say so, and that
 * nothing changes while they measure. */
#include "support/engine_fixture.h"

#include "support/degraded_model.h"

#include <math.h>
#include <string.h>

enum { PAIRS = 120 };

static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];
static const char *gold[PAIRS]; /* what the first model answers */
static char with_nan[TINY_PATH_BYTES], with_labels[TINY_PATH_BYTES], torn[TINY_PATH_BYTES];

static int make_gold(void) {
    static const char *const names[] = {"not_match", "partial_match", "exact_match"};
    int32_t labels[PAIRS];
    float similarity[PAIRS];
    mgeo_engine *alone;
    mgeo_load_options options = on("fake");
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity, .label = labels};
    assert_int_equal(mgeo_engine_create(NULL, &alone, &error), MGEO_OK);
    assert_int_equal(mgeo_load(alone, paths[0], &options, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_score(alone, pairs, PAIRS, &scores, &error), MGEO_OK);
    mgeo_engine_destroy(alone);
    for (int i = 0; i < PAIRS; i++) gold[i] = names[labels[i]];
    return 0;
}

static int make_all(void **state) {
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 7);
    make_models(state);
    degraded_model_write(paths[0], root, DEGRADED_NAN, with_nan);
    degraded_model_write(paths[0], root, DEGRADED_LABELS, with_labels);
    tiny_model_write(root, "torn", &(tiny_model){.labels = 3}, torn);
    tiny_model_set_bias(torn, (const float[]){2, 1, 2}, 3); /* the row's hash decides */
    return make_gold();
}

static mgeo_gate gate_on_all_pairs(void) {
    return (mgeo_gate){
        .struct_size = sizeof(mgeo_gate), .pairs = pairs, .count = PAIRS, .gold = gold};
}

static void load_both(const char *device, const char *live, const char *standby) {
    mgeo_load_options options = on(device);
    assert_int_equal(mgeo_load(engine, live, &options, NULL, &error), MGEO_OK);
    options.version = "new";
    assert_int_equal(mgeo_load(engine, standby, &options, NULL, &error), MGEO_OK);
}

static mgeo_status swap_through(const mgeo_gate *gate, mgeo_swap_receipt *receipt) {
    mgeo_swap_options options = {.struct_size = sizeof options, .gate = gate};
    *receipt = (mgeo_swap_receipt){.struct_size = sizeof *receipt};
    return mgeo_swap_model(engine, &options, receipt, &error);
}

static const mgeo_check *find(const mgeo_swap_receipt *receipt, const char *name) {
    for (uint32_t i = 0; i < receipt->check_count; i++) {
        if (strcmp(receipt->checks[i].name, name) == 0) return &receipt->checks[i];
    }
    fail_msg("no check %s", name);
    return NULL;
}

static mgeo_rollout rollout(void) {
    mgeo_rollout now = {.struct_size = sizeof now};
    assert_int_equal(mgeo_get_rollout(engine, &now, &error), MGEO_OK);
    return now;
}

/* ---- what goes through ----------------------------------------------------------------------- */

static void test_a_copy_goes_through_the_narrowest_gate(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_gate gate = gate_on_all_pairs();
    gate.max_shift = gate.max_shift_mean = gate.max_shift_p99 = gate.max_flip_share = -1;
    gate.max_accuracy_loss = gate.max_macro_f1_loss = gate.max_psi = -1;
    load_both("fake", paths[0], paths[0]);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_OK);
    assert_int_equal(receipt.from_generation, 1);
    assert_int_equal(receipt.to_generation, 2);
    assert_string_equal(receipt.to_version, "new");
    assert_int_equal(receipt.calls_in_flight, 0); /* the gate's own hold is no call */
    assert_int_equal(receipt.check_count, 9);
    for (uint32_t i = 0; i < receipt.check_count; i++) {
        const mgeo_check *check = &receipt.checks[i];
        if (strcmp(check->name, "latency_ratio") == 0) {
            assert_int_equal(check->passed, -1); /* no limit was set; measured all the same */
            assert_true(isnan(check->limit));
            assert_true(check->measured > 0);
            continue;
        }
        assert_int_equal(check->passed, 1);
        assert_true(check->measured == 0 && check->limit == 0);
    }
    check_answer(0, 2);
    assert_int_equal(rollout().swaps, 1);
}

static void test_a_gate_without_limits_measures(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_gate gate = gate_on_all_pairs();
    load_both("fake", paths[0], torn);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_OK);
    const mgeo_check *flips = find(&receipt, "flip_share");
    assert_true(flips->measured > 0.2 && flips->measured < 0.8);
    assert_int_equal(flips->passed, -1);
    assert_true(isnan(flips->limit));
    double loss = find(&receipt, "accuracy_loss")->measured; /* gold is what the live model says */
    assert_true(fabs(loss - flips->measured) < 1e-12);
    assert_true(find(&receipt, "shift_max")->measured >= find(&receipt, "shift_p99")->measured);
    assert_int_equal(find(&receipt, "lost_pairs")->passed, 1);
}

/* ---- what does not --------------------------------------------------------------------------- */

/* Each limit alone, a little above and a little below what is measured. */
static void test_each_limit_holds_for_itself(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t at;
    } limits[] = {
        {"shift_max", offsetof(mgeo_gate, max_shift)},
        {"shift_mean", offsetof(mgeo_gate, max_shift_mean)},
        {"shift_p99", offsetof(mgeo_gate, max_shift_p99)},
        {"flip_share", offsetof(mgeo_gate, max_flip_share)},
        {"accuracy_loss", offsetof(mgeo_gate, max_accuracy_loss)},
        {"macro_f1_loss", offsetof(mgeo_gate, max_macro_f1_loss)},
        {"psi", offsetof(mgeo_gate, max_psi)},
    };
    mgeo_swap_receipt receipt;
    mgeo_gate gate = gate_on_all_pairs();
    load_both("fake", paths[0], torn);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_OK);
    mgeo_swap_receipt measured = receipt;
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        double value = find(&measured, limits[i].name)->measured;
        assert_true(value > 0);
        mgeo_gate one = gate_on_all_pairs();
        mgeo_limit *limit = (mgeo_limit *)(void *)((char *)&one + limits[i].at);
        *limit = value * 0.999;
        assert_int_equal(swap_through(&one, &receipt), MGEO_E_REFUSED);
        assert_int_equal(find(&receipt, limits[i].name)->passed, 0);
        assert_true(find(&receipt, limits[i].name)->limit == *limit);
        assert_non_null(strstr(error.message, limits[i].name));
        check_answer(0, 1);
        *limit = value * 1.001;
        assert_int_equal(swap_through(&one, &receipt), MGEO_OK);
        assert_int_equal(find(&receipt, limits[i].name)->passed, 1);
        assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    }
}

static void test_latency_has_a_limit(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_gate gate = gate_on_all_pairs();
    load_both("fake", paths[0], paths[0]);
    gate.max_latency_ratio = 1e-6;
    assert_int_equal(swap_through(&gate, &receipt), MGEO_E_REFUSED);
    assert_int_equal(find(&receipt, "latency_ratio")->passed, 0);
    gate.max_latency_ratio = 1e6;
    assert_int_equal(swap_through(&gate, &receipt), MGEO_OK);
}

static void test_a_refusal_names_all_that_is_broken(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_gate gate = gate_on_all_pairs();
    gate.max_flip_share = 0.01;
    gate.max_shift_mean = -1;
    gate.max_psi = 1000;
    load_both("fake", paths[0], torn);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_E_REFUSED);
    const char *const parts[] = {
        "generation 2 (new) was refused", "flip_share 0.", " > 0.01", "shift_mean 0.", " > 0,",
        "traffic stays on generation 1"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(error.message, parts[i]) == NULL) fail_msg("%s: %s", parts[i], error.message);
    }
    assert_null(strstr(error.message, "psi"));
    assert_true(was_logged("was refused: "));
    assert_int_equal(receipt.from_generation, 1);
    assert_int_equal(receipt.to_generation, 2);
    assert_int_equal(receipt.check_count, 9);
    check_answer(0, 1);
    assert_int_equal(rollout().refused_swaps, 1);
    assert_int_equal(rollout().swaps, 0);
}

static void test_a_model_that_answers_nan(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_gate gate = gate_on_all_pairs();
    load_both("fake", paths[0], with_nan);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_E_REFUSED); /* without any limit */
    assert_true(find(&receipt, "lost_pairs")->measured == PAIRS);
    assert_int_equal(find(&receipt, "lost_pairs")->passed, 0);
    gate.max_psi = 100;
    assert_int_equal(swap_through(&gate, &receipt), MGEO_E_REFUSED);
    assert_true(isnan(find(&receipt, "psi")->measured));
    assert_int_equal(find(&receipt, "psi")->passed, 0);
    assert_non_null(strstr(error.message, "psi could not be measured"));
    check_answer(0, 1);
}

static void test_pairs_that_nobody_can_score(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_pair nothing = {"", 0, "", 0};
    mgeo_gate gate = {.struct_size = sizeof gate, .pairs = &nothing, .count = 1};
    load_both("fake", paths[0], paths[0]);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_E_REFUSED);
    assert_non_null(strstr(error.message, "lost_pairs could not be measured"));
    check_answer(0, 1);
}

static void test_rotated_labels_are_refused(void **state) {
    (void)state;
    mgeo_swap_receipt receipt;
    mgeo_gate gate = gate_on_all_pairs();
    gate.max_flip_share = 0.5;
    load_both("fake", paths[0], with_labels);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_E_REFUSED);
    assert_true(find(&receipt, "flip_share")->measured == 1);
    assert_true(find(&receipt, "accuracy_loss")->measured == 1);
}

/* ---- gates that make no sense ---------------------------------------------------------------- */

static void check_senseless(const mgeo_gate *gate, const char *part) {
    mgeo_swap_receipt receipt;
    assert_int_equal(swap_through(gate, &receipt), MGEO_E_ARGUMENT);
    if (strstr(error.message, part) == NULL) fail_msg("%s: %s", part, error.message);
    check_answer(0, 1);
}

static void test_senseless_gates_are_refused(void **state) {
    (void)state;
    static const char *const nothing[PAIRS] = {NULL};
    load_both("fake", paths[0], paths[1]);
    mgeo_gate gate = gate_on_all_pairs();
    gate.count = 0;
    check_senseless(&gate, "pairs");
    gate = gate_on_all_pairs();
    gate.max_psi = NAN;
    check_senseless(&gate, "max_psi");
    gate = gate_on_all_pairs();
    gate.max_latency_ratio = INFINITY;
    check_senseless(&gate, "max_latency_ratio");
    gate = gate_on_all_pairs();
    gate.gold = NULL;
    gate.max_accuracy_loss = 0.1;
    check_senseless(&gate, "max_accuracy_loss");
    gate.max_accuracy_loss = 0;
    gate.gold = nothing;
    gate.max_macro_f1_loss = -1;
    check_senseless(&gate, "max_macro_f1_loss");
    static const char *const unknown[PAIRS] = {"no_such_label"};
    gate.gold = unknown;
    check_senseless(&gate, "gold[0]");
    gate = gate_on_all_pairs();
    gate.count = 0;
    check_senseless(&gate, "a gate needs pairs");
}

/* ---- while it measures ----------------------------------------------------------------------- */

typedef struct swapper {
    mgeo_gate gate;
    mgeo_swap_receipt receipt;
    mgeo_status status;
    mgeo_error error;
    mgeo_progress progress;
} swapper;

static void *swap_once(void *argument) {
    swapper *s = argument;
    mgeo_swap_options options = {.struct_size = sizeof options, .gate = &s->gate};
    s->receipt = (mgeo_swap_receipt){.struct_size = sizeof s->receipt};
    s->status = mgeo_swap_model(engine, &options, &s->receipt, &s->error);
    return NULL;
}

/* A gate that measures until controllable_hold(false). */
static void start_gate(test_threads *threads, swapper *s) {
    s->gate = gate_on_all_pairs();
    s->gate.progress = &s->progress;
    controllable_hold(true);
    test_threads_start(threads, swap_once, s);
    controllable_await_waiting(1);
}

static void test_nothing_else_changes_meanwhile(void **state) {
    (void)state;
    test_threads threads = {0};
    static swapper s;
    load_both("controllable", paths[0], paths[1]);
    start_gate(&threads, &s);
    assert_int_equal(swap(), MGEO_E_BUSY);
    assert_int_equal(mgeo_set_canary(engine, 100, NULL, &error), MGEO_E_BUSY);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_BUSY);
    mgeo_swap_receipt receipt;
    mgeo_gate another = gate_on_all_pairs();
    assert_int_equal(swap_through(&another, &receipt), MGEO_E_BUSY);
    assert_int_equal(rollout().live_generation, 1);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(s.status, MGEO_OK);
    check_answer(1, 2);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK); /* nothing is held any more */
}

static void test_a_loads_last_step_waits(void **state) {
    (void)state;
    test_threads swappers = {0}, loaders = {0};
    static swapper s;
    loader l = {.path = paths[2]};
    load_both("controllable", paths[0], paths[1]);
    controllable_reset();
    controllable_hold(true); /* the load's first batch waits */
    test_threads_start(&loaders, load_controllable, &l);
    controllable_await_waiting(1);
    s = (swapper){.gate = gate_on_all_pairs()};
    test_threads_start(&swappers, swap_once, &s);
    controllable_await_waiting(2);
    assert_int_equal(rollout().standby_generation, 2);
    controllable_hold(false);
    test_threads_join(&swappers);
    test_threads_join(&loaders);
    assert_int_equal(s.status, MGEO_OK);
    assert_int_equal(s.receipt.to_generation, 2); /* what was measured went live */
    assert_int_equal(l.status, MGEO_OK);
    assert_int_equal(l.generation, 3);
    check_answer(1, 2);
    assert_int_equal(rollout().standby_generation, 3);
}

static void test_a_roll_back_goes_through_and_the_gate_refuses(void **state) {
    (void)state;
    test_threads threads = {0};
    static swapper s;
    load_both("controllable", paths[0], paths[1]);
    assert_int_equal(swap(), MGEO_OK); /* generation 2 is live, 1 is the former one */
    start_gate(&threads, &s);
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    assert_int_equal(rollout().live_generation, 1);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(s.status, MGEO_E_REFUSED);
    assert_non_null(strstr(s.error.message, "turned back"));
    assert_int_equal(s.receipt.check_count, 9); /* what was measured stands there */
    check_answer(0, 1);
    assert_int_equal(rollout().refused_swaps, 1);
}

static void test_a_canary_may_end_and_the_gate_refuses(void **state) {
    (void)state;
    test_threads threads = {0};
    static swapper s;
    load_both("controllable", paths[0], paths[1]);
    assert_int_equal(mgeo_set_canary(engine, 100, NULL, &error), MGEO_OK);
    s = (swapper){0};
    start_gate(&threads, &s);
    assert_int_equal(mgeo_set_canary(engine, 0, NULL, &error), MGEO_OK);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(s.status, MGEO_E_REFUSED);
    assert_non_null(strstr(s.error.message, "shares were changed"));
    check_answer(0, 1);
}

static void test_a_gate_can_be_cancelled_and_can_fail(void **state) {
    (void)state;
    test_threads threads = {0};
    static swapper s;
    mgeo_swap_receipt receipt;
    load_both("controllable", paths[0], paths[1]);
    start_gate(&threads, &s);
    mgeo_progress_cancel(&s.progress);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(s.status, MGEO_E_CANCELLED);
    mgeo_gate gate = gate_on_all_pairs();
    controllable_fail_runs(4, 1, MGEO_E_DEVICE);
    assert_int_equal(swap_through(&gate, &receipt), MGEO_E_DEVICE);
    check_answer(0, 1);
    assert_int_equal(rollout().refused_swaps, 0); /* neither was a decision */
    assert_int_equal(swap_through(&gate, &receipt), MGEO_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_copy_goes_through_the_narrowest_gate),
        TEST(test_a_gate_without_limits_measures),
        TEST(test_each_limit_holds_for_itself),
        TEST(test_latency_has_a_limit),
        TEST(test_a_refusal_names_all_that_is_broken),
        TEST(test_a_model_that_answers_nan),
        TEST(test_pairs_that_nobody_can_score),
        TEST(test_rotated_labels_are_refused),
        TEST(test_senseless_gates_are_refused),
        TEST(test_nothing_else_changes_meanwhile),
        TEST(test_a_loads_last_step_waits),
        TEST(test_a_roll_back_goes_through_and_the_gate_refuses),
        TEST(test_a_canary_may_end_and_the_gate_refuses),
        TEST(test_a_gate_can_be_cancelled_and_can_fail),
    };
    return cmocka_run_group_tests(tests, make_all, remove_models);
}
