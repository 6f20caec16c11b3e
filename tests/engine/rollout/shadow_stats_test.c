/* SPDX-License-Identifier: Apache-2.0 */
/* What the shadow counts and sums up, through the public functions on the fake backend. */
#include "engine/rollout/shadow_calls.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void test_nothing_at_first(void **state) {
    (void)state;
    mgeo_shadow_report report = report_now();
    assert_int_equal(report.calls + report.pairs + report.compared, 0);
    assert_true(isnan(report.psi));
    assert_true(isnan(report.shift_mean));
    mgeo_shift shift;
    assert_int_equal(mgeo_get_shadow_pair(engine, 0, &shift, NULL, 0, NULL, 0, &error),
                     MGEO_E_ARGUMENT);
    assert_int_equal(shadow(0), MGEO_OK);
}

static void test_the_same_model_shows_no_difference(void **state) {
    (void)state;
    load_pair(0);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    assert_int_equal(share_now(), MGEO_SHARE_ALL);
    call(100);
    mgeo_shadow_report report = await_rest();
    assert_int_equal(report.calls, 100);
    assert_int_equal(report.pairs, 100);
    assert_int_equal(report.compared + report.dropped, 100);
    assert_true(report.compared > 0);
    assert_int_equal(report.flips, 0);
    assert_float_equal(report.shift_max, 0, 0);
    assert_float_equal(report.shift_p99, 0, 0);
    assert_float_equal(report.psi, 0, 0);
    assert_int_equal(report.shift_histogram[MGEO_SHADOW_BINS / 2], report.compared);
    assert_int_equal(report.live_generation, 1);
    assert_int_equal(report.standby_generation, 2);
    assert_int_equal(report.live_label_count, 3);
    assert_string_equal(report.standby_labels[2], "exact_match");
}

/* The figures beside those of a sum over the same pairs, scored by both models one by one. */
typedef struct reference {
    double size_sum, signed_sum, max;
    uint64_t flips, matrix[MGEO_MAX_LABELS * MGEO_MAX_LABELS];
    uint32_t worst; /* the pair's number */
} reference;

static reference sum_up(void) {
    float live[COMPARED], standby[COMPARED];
    int32_t live_label[COMPARED], standby_label[COMPARED];
    reference sums = {.max = -1};
    score_by(false, COMPARED, live, live_label);
    score_by(true, COMPARED, standby, standby_label);
    for (uint32_t i = 0; i < COMPARED; i++) {
        double by = (double)standby[i] - (double)live[i];
        sums.size_sum += fabs(by);
        sums.signed_sum += by;
        sums.flips += live_label[i] != standby_label[i];
        sums.matrix[live_label[i] * MGEO_MAX_LABELS + standby_label[i]]++;
        if (fabs(by) > sums.max) sums.worst = i;
        if (fabs(by) > sums.max) sums.max = fabs(by);
    }
    return sums;
}

static void check_worst_pairs(uint32_t count, const reference *sums) {
    char a[TEST_TEXT_BYTES], b[TEST_TEXT_BYTES];
    test_pair texts;
    double before = 2;
    for (uint32_t rank = 0; rank < count; rank++) {
        mgeo_shift shift;
        assert_int_equal(
            mgeo_get_shadow_pair(engine, rank, &shift, a, sizeof a, b, sizeof b, &error), MGEO_OK);
        double size = fabs((double)shift.standby - (double)shift.live);
        assert_true(size <= before);
        before = size;
        test_make_pair(&texts, (uint32_t)shift.index, 3); /* all were taken, in their order */
        assert_string_equal(a, texts.a);
        assert_string_equal(b, texts.b);
        if (rank == 0) assert_int_equal(shift.index, sums->worst);
    }
    assert_int_equal(mgeo_get_shadow_pair(engine, count, NULL, NULL, 0, NULL, 0, &error),
                     MGEO_E_ARGUMENT);
}

/* Until no call has found the queue in use by the thread. */
static mgeo_shadow_report compare_all(void) {
    mgeo_shadow_options options = {
        .struct_size = sizeof options, .queue_rows = COMPARED, .worst_pairs = 7, .full_speed = 1};
    mgeo_shadow_report report = {.dropped = 1};
    for (int round = 0; round < 100 && report.dropped > 0; round++) {
        assert_int_equal(mgeo_set_shadow(engine, MGEO_SHARE_ALL, &options, &error), MGEO_OK);
        for (uint32_t i = 0; i < COMPARED && report_now().dropped == 0; i++) {
            call_one(i);
            await_rest();
        }
        report = await_rest();
    }
    assert_int_equal(shadow(0), MGEO_OK);
    return report;
}

static void test_figures_of_two_models(void **state) {
    (void)state;
    char path[TINY_PATH_BYTES];
    tiny_model_write(root, "torn", &(tiny_model){.variant = 12, .labels = 3}, path);
    load_path_beside(path);
    mgeo_shadow_report report = compare_all();
    reference sums = sum_up();
    assert_in_range(sums.flips, 1, COMPARED - 1);
    assert_int_equal(report.compared, COMPARED);
    assert_int_equal(report.flips, sums.flips);
    assert_memory_equal(report.flip_matrix, sums.matrix, sizeof sums.matrix);
    assert_float_equal(report.shift_mean, sums.size_sum / COMPARED, 1e-9);
    assert_float_equal(report.shift_signed_mean, sums.signed_sum / COMPARED, 1e-9);
    assert_float_equal(report.shift_max, sums.max, 1e-9);
    assert_true(report.shift_p50 > 0 && report.shift_p50 <= report.shift_p99);
    assert_true(report.shift_p99 <= report.shift_max + 0.0025);
    assert_true(report.psi > 0);
    assert_int_equal(report.worst_count, 7);
    check_worst_pairs(7, &sums);
}

static void test_texts_are_cut_to_the_callers_room(void **state) {
    (void)state;
    load_pair(1);
    char longer[3000], a[8], b[2048];
    memset(longer, 'a', sizeof longer);
    memcpy(longer, "路号街", 9);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    float similarity;
    mgeo_pair one = {longer, sizeof longer, "b路", MGEO_NUL_TERMINATED};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    mgeo_shadow_report report = {.compared = 0};
    for (int i = 0; i < 100 && report.compared == 0; i++) {
        assert_int_equal(mgeo_score(engine, &one, 1, &scores, &error), MGEO_OK);
        report = await_rest();
    }
    assert_int_equal(mgeo_get_shadow_pair(engine, 0, NULL, a, sizeof a, b, sizeof b, &error),
                     MGEO_OK);
    assert_string_equal(a, "路号"); /* at a character's end */
    assert_string_equal(b, "b路");
    assert_int_equal(mgeo_get_shadow_pair(engine, 0, NULL, b, sizeof b, NULL, 0, &error), MGEO_OK);
    assert_int_equal(strlen(b), 1023);
}

static void test_pairs_without_an_answer_are_left_out(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    float similarity[3];
    mgeo_pair pairs[3] = {pair, {"", 0, "b", 1}, {"\xFF", 1, "b", 1}};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    assert_int_equal(mgeo_score(engine, pairs, 3, &scores, &error), MGEO_OK);
    mgeo_shadow_report report = await_rest();
    assert_int_equal(report.calls, 1);
    assert_int_equal(report.pairs, 1);
}

static void test_long_texts_are_dropped(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    enum { LONG = 70000 };
    char *text_of_many = mgi_calloc(LONG + 1, 1);
    assert_non_null(text_of_many);
    memset(text_of_many, 'a', LONG);
    float similarity;
    mgeo_pair one = {text_of_many, MGEO_NUL_TERMINATED, "b", 1};
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    assert_int_equal(mgeo_score(engine, &one, 1, &scores, &error), MGEO_OK);
    mgeo_shadow_report report = await_rest();
    assert_int_equal(report.dropped, 1);
    mgi_free(text_of_many);
}

static void test_what_standby_cannot_answer_is_lost(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    controllable_poison(2); /* [CLS]: every row */
    call(20);
    mgeo_shadow_report report = await_rest();
    assert_true(report.lost > 0);
    assert_int_equal(report.standby_not_finite, report.lost);
    assert_int_equal(report.compared, 0);
}

static void test_a_failing_standby_costs_nothing_else(void **state) {
    (void)state;
    load_pair(1);
    assert_int_equal(shadow(MGEO_SHARE_ALL), MGEO_OK);
    controllable_fail_runs(1, 1000, MGEO_E_DEVICE);
    call(20);
    mgeo_shadow_report report = await_rest();
    assert_true(report.failed > 0);
    assert_int_equal(report.compared, 0);
    controllable_fail_runs(0, 0, MGEO_OK);
    uint64_t compared = 0;
    for (int i = 0; i < 100 && compared == 0; i++) {
        call(1);
        compared = await_rest().compared;
    }
    assert_true(compared > 0); /* with a fresh lane */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_at_first),
        TEST(test_the_same_model_shows_no_difference),
        TEST(test_figures_of_two_models),
        TEST(test_texts_are_cut_to_the_callers_room),
        TEST(test_pairs_without_an_answer_are_left_out),
        TEST(test_long_texts_are_dropped),
        TEST(test_what_standby_cannot_answer_is_lost),
        TEST(test_a_failing_standby_costs_nothing_else),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
