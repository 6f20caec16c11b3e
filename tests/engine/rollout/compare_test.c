/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons on the fake backend: every figure against one computed here, and what they disturb.
 */
#include "support/engine_fixture.h"

#include "stats/snapshot.h"
#include "support/degraded_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 203, BAD_TEXT = 50, WORST = 5 };

static test_pair texts[PAIRS];
static mgeo_pair pairs[PAIRS];     /* one of them cannot be scored */
static char torn[TINY_PATH_BYTES]; /* a model that finds the first label as likely as the last */

static int make_pairs(void **state) {
    for (uint32_t i = 0; i < PAIRS; i++) pairs[i] = test_make_pair(&texts[i], i, 1 + i % 7);
    pairs[BAD_TEXT] = (mgeo_pair){"", 0, "1", 1};
    int failed = make_models(state);
    tiny_model_write(root, "torn", &(tiny_model){.labels = 3}, torn);
    tiny_model_set_bias(torn, (const float[]){2, 1, 2}, 3); /* the row's hash decides */
    return failed;
}

/* ---- what the tests compare with ------------------------------------------------------------- */

typedef struct answers {
    float similarity[PAIRS];
    int32_t label[PAIRS];
} answers;

/* What the model in a directory answers when it is asked alone. */
static void ask_alone(const char *path, answers *a) {
    mgeo_engine *alone;
    mgeo_load_options options = on("fake");
    mgeo_scores scores = {
        .struct_size = sizeof scores, .similarity = a->similarity, .label = a->label};
    assert_int_equal(mgeo_engine_create(NULL, &alone, &error), MGEO_OK);
    assert_int_equal(mgeo_load(alone, path, &options, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_score(alone, pairs, PAIRS, &scores, &error), MGEO_OK);
    mgeo_engine_destroy(alone);
}

static void load_both(const char *live, const char *standby) {
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(load_path(live, &info), MGEO_OK);
    assert_int_equal(load_path(standby, &info), MGEO_OK);
}

static mgeo_compare_options on_all_pairs(void) {
    return (mgeo_compare_options){
        .struct_size = sizeof(mgeo_compare_options), .pairs = pairs, .count = PAIRS};
}

static mgeo_compare_report compare(const mgeo_compare_options *options) {
    mgeo_compare_report report = {.struct_size = sizeof report};
    if (mgeo_compare(engine, options, &report, &error) != MGEO_OK) fail_msg("%s", error.message);
    return report;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- figures --------------------------------------------------------------------------------- */

static void check_shifts(const mgeo_compare_report *report, const answers *live,
                         const answers *standby) {
    double sizes[PAIRS], sum = 0, sum_signed = 0;
    size_t n = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        if (i == BAD_TEXT) continue;
        double shift = (double)standby->similarity[i] - (double)live->similarity[i];
        sum += fabs(shift);
        sum_signed += shift;
        sizes[n++] = fabs(shift);
    }
    qsort(sizes, n, sizeof sizes[0], by_value);
    assert_int_equal(report->pairs, n);
    assert_true(fabs(report->shift_mean - sum / (double)n) < 1e-9);
    assert_true(fabs(report->shift_signed_mean - sum_signed / (double)n) < 1e-9);
    assert_true(report->shift_p50 == sizes[(n + 1) / 2 - 1]);
    assert_true(report->shift_p99 == sizes[n - 1 - n / 100]);
    assert_true(report->shift_max == sizes[n - 1]);
}

static void check_flips(const mgeo_compare_report *report, const answers *live,
                        const answers *standby) {
    uint64_t matrix[MGEO_MAX_LABELS * MGEO_MAX_LABELS] = {0}, flips = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        if (i == BAD_TEXT) continue;
        matrix[live->label[i] * MGEO_MAX_LABELS + standby->label[i]]++;
        flips += live->label[i] != standby->label[i];
    }
    assert_memory_equal(report->flip_matrix, matrix, sizeof matrix);
    assert_int_equal(report->flips, flips);
    assert_in_range(flips, PAIRS / 5, PAIRS * 4 / 5);
    assert_int_equal(report->live_label_count, 3);
    assert_int_equal(report->standby_label_count, 3);
    assert_string_equal(report->live_labels[1], "partial_match");
    assert_string_equal(report->standby_labels[2], "exact_match");
}

static void check_worst(const mgeo_compare_report *report, const answers *live,
                        const answers *standby) {
    assert_int_equal(report->worst_count, WORST);
    double before = report->shift_max;
    for (size_t rank = 0; rank < WORST; rank++) {
        const mgeo_shift *shift = &report->worst[rank];
        double size = fabs((double)shift->standby - (double)shift->live);
        assert_true(rank > 0 || size == report->shift_max);
        assert_true(size <= before);
        before = size;
        assert_true(shift->live == live->similarity[shift->index]);
        assert_true(shift->standby == standby->similarity[shift->index]);
        assert_int_equal(shift->live_label, live->label[shift->index]);
        assert_int_equal(shift->standby_label, standby->label[shift->index]);
    }
    size_t larger = 0; /* than the last one kept */
    for (size_t i = 0; i < PAIRS; i++) {
        larger += fabs((double)standby->similarity[i] - (double)live->similarity[i]) > before;
    }
    assert_true(larger < WORST);
}

static void test_differences_are_those_of_the_answers(void **state) {
    (void)state;
    static answers live, standby;
    mgeo_shift worst[WORST];
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = {
        .struct_size = sizeof report, .worst = worst, .worst_capacity = WORST};
    ask_alone(paths[1], &live);
    ask_alone(torn, &standby);
    load_both(paths[1], torn);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_OK);
    assert_int_equal(report.live_generation, 1);
    assert_int_equal(report.standby_generation, 2);
    assert_int_equal(report.lost + report.gained, 0);
    assert_int_equal(report.live_not_finite + report.standby_not_finite, 0);
    check_shifts(&report, &live, &standby);
    check_flips(&report, &live, &standby);
    check_worst(&report, &live, &standby);
    assert_int_equal(report.labelled, 0);
    assert_true(isnan(report.live_accuracy) && isnan(report.standby_accuracy));
    assert_true(isnan(report.live_macro_f1) && isnan(report.standby_macro_f1));
}

static void test_the_index_is_that_of_the_similarities(void **state) {
    (void)state;
    static answers a[2];
    uint64_t bins[2][MGI_DRIFT_BINS] = {0};
    for (int model = 0; model < 2; model++) {
        ask_alone(paths[model * 3], &a[model]);
        for (size_t i = 0; i < PAIRS; i++) {
            if (i != BAD_TEXT) bins[model][mgi_drift_bin(a[model].similarity[i])]++;
        }
    }
    load_both(paths[0], paths[3]);
    mgeo_compare_options options = on_all_pairs();
    assert_true(compare(&options).psi == mgi_drift_index(bins[0], bins[1]));
}

static void test_a_model_and_its_copy(void **state) {
    (void)state;
    mgeo_shift worst[WORST];
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = {
        .struct_size = sizeof report, .worst = worst, .worst_capacity = WORST};
    load_both(paths[1], paths[1]);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_OK);
    assert_int_equal(report.pairs, PAIRS - 1);
    assert_int_equal(report.flips, 0);
    assert_int_equal(report.worst_count, 0); /* there is no pair on which they differ */
    assert_true(report.shift_max == 0 && report.shift_mean == 0);
    assert_true(report.psi == 0);
}

static void test_times_go_with_the_pairs_per_call(void **state) {
    (void)state;
    static const uint32_t per_call[] = {0, 1, 7, PAIRS, PAIRS + 1, UINT32_MAX};
    load_both(paths[0], paths[1]);
    for (size_t i = 0; i < sizeof per_call / sizeof per_call[0]; i++) {
        mgeo_compare_options options = on_all_pairs();
        options.pairs_per_call = per_call[i];
        mgeo_compare_report report = compare(&options);
        assert_int_equal(report.pairs, PAIRS - 1);
        assert_true(report.live_seconds > 0 && report.standby_seconds > 0);
        assert_true(report.live_call_p50 > 0 && report.live_call_p50 <= report.live_call_p99);
        assert_true(report.standby_call_p50 <= report.standby_call_p99);
        assert_true(report.latency_ratio == report.standby_call_p50 / report.live_call_p50);
    }
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* The true labels in these tests: what the first model says, but for every fifth pair. */
static void make_gold(const answers *live, const char *gold[PAIRS]) {
    static const char *const names[] = {"not_match", "partial_match", "exact_match"};
    for (size_t i = 0; i < PAIRS; i++) {
        gold[i] = live->label[i] < 0 ? names[0] : names[(live->label[i] + (i % 5 == 0)) % 3];
    }
}

static double expected_f1(const answers *a, const char *const gold[PAIRS]) {
    static const char *const names[] = {"not_match", "partial_match", "exact_match"};
    double sum = 0, labels = 0;
    for (int32_t label = 0; label < 3; label++) {
        double right = 0, wrong = 0, missed = 0;
        for (size_t i = 0; i < PAIRS; i++) {
            if (i == BAD_TEXT || gold[i] == NULL) continue;
            bool is = strcmp(gold[i], names[label]) == 0, said = a->label[i] == label;
            right += is && said;
            wrong += !is && said;
            missed += is && !said;
        }
        if (right + missed == 0) continue;
        double precision = right + wrong > 0 ? right / (right + wrong) : 0;
        double recall = right / (right + missed);
        if (right > 0) sum += 2 * precision * recall / (precision + recall);
        labels++;
    }
    return sum / labels;
}

static void test_accuracy_is_held_against_gold(void **state) {
    (void)state;
    static answers live, standby;
    const char *gold[PAIRS];
    ask_alone(paths[1], &live);
    ask_alone(torn, &standby);
    make_gold(&live, gold);
    gold[7] = NULL;
    double right[2] = {0}, all = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        if (i == BAD_TEXT || gold[i] == NULL) continue;
        all++;
        right[0] += i % 5 != 0;
        right[1] += (live.label[i] + (i % 5 == 0)) % 3 == standby.label[i];
    }
    load_both(paths[1], torn);
    mgeo_compare_options options = on_all_pairs();
    options.gold = gold;
    mgeo_compare_report report = compare(&options);
    assert_int_equal(report.labelled, PAIRS - 2);
    assert_true(report.live_accuracy == right[0] / all);
    assert_true(report.standby_accuracy == right[1] / all);
    assert_true(fabs(report.live_macro_f1 - expected_f1(&live, gold)) < 1e-12);
    assert_true(fabs(report.standby_macro_f1 - expected_f1(&standby, gold)) < 1e-12);
}

static void test_a_label_that_nobody_knows(void **state) {
    (void)state;
    const char *gold[PAIRS] = {[17] = "no_such_label"};
    load_both(paths[0], paths[1]);
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = {.struct_size = sizeof report};
    options.gold = gold;
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "gold[17]"));
    assert_non_null(strstr(error.message, "no_such_label"));
}

/* The same weights, the labels' names rotated: every label is another one. */
static void test_labels_go_by_name(void **state) {
    (void)state;
    static answers live;
    char path[TINY_PATH_BYTES];
    const char *gold[PAIRS];
    degraded_model_write(paths[1], root, DEGRADED_LABELS, path);
    ask_alone(paths[1], &live);
    make_gold(&live, gold);
    load_both(paths[1], path);
    mgeo_compare_options options = on_all_pairs();
    options.gold = gold;
    mgeo_compare_report report = compare(&options);
    assert_int_equal(report.flips, PAIRS - 1);
    for (int i = 0; i < MGEO_MAX_LABELS * MGEO_MAX_LABELS; i++) {
        if (i / MGEO_MAX_LABELS != i % MGEO_MAX_LABELS) assert_int_equal(report.flip_matrix[i], 0);
    }
    assert_string_equal(report.standby_labels[0], "partial_match");
    assert_true(report.live_accuracy > 0.7);
    assert_true(report.standby_accuracy < 0.3); /* right where gold was moved on by one */
}

static void test_other_sets_of_labels(void **state) {
    (void)state;
    static answers live;
    char path[TINY_PATH_BYTES];
    const char *gold[PAIRS];
    tiny_model_write(root, "two-labels", &(tiny_model){.variant = 1, .labels = 2}, path);
    ask_alone(paths[1], &live);
    make_gold(&live, gold);
    load_both(paths[1], path);
    mgeo_compare_options options = on_all_pairs();
    options.gold = gold;
    mgeo_compare_report report = compare(&options);
    assert_int_equal(report.standby_label_count, 2);
    assert_int_equal(report.pairs, PAIRS - 1);
    assert_int_equal(report.flips, PAIRS - 1);
    assert_int_equal(report.labelled, 0); /* no label that both know */
    assert_true(isnan(report.live_accuracy));
}

static void test_one_logit_has_one_label(void **state) {
    (void)state;
    char path[2][TINY_PATH_BYTES];
    tiny_model_write(root, "one-logit", &(tiny_model){.variant = 1, .labels = 1}, path[0]);
    tiny_model_write(root, "another", &(tiny_model){.variant = 2, .labels = 1}, path[1]);
    load_both(path[0], path[1]);
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = compare(&options);
    assert_int_equal(report.live_label_count, 1);
    assert_int_equal(report.flips, 0);
    assert_int_equal(report.flip_matrix[0], PAIRS - 1);
    assert_true(report.shift_max > 0);
}

/* ---- pairs without a score ------------------------------------------------------------------- */

static void test_lost_and_gained_pairs(void **state) {
    (void)state;
    char path[TINY_PATH_BYTES];
    mgeo_shift worst[WORST];
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = {
        .struct_size = sizeof report, .worst = worst, .worst_capacity = WORST};
    degraded_model_write(paths[1], root, DEGRADED_NAN, path);
    load_both(paths[1], path);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_OK);
    assert_int_equal(report.pairs, 0);
    assert_int_equal(report.lost, PAIRS - 1);
    assert_int_equal(report.gained, 0);
    assert_int_equal(report.live_not_finite, 0);
    assert_int_equal(report.standby_not_finite, PAIRS - 1);
    assert_int_equal(report.worst_count, 0);
    assert_true(isnan(report.shift_max) && isnan(report.shift_mean) && isnan(report.shift_p50));
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_OK);
    assert_int_equal(report.lost, 0);
    assert_int_equal(report.gained, PAIRS - 1);
    assert_int_equal(report.live_not_finite, PAIRS - 1);
    assert_int_equal(report.live_generation, 2);
}

/* ---- what can go wrong ----------------------------------------------------------------------- */

static void test_two_models_are_needed(void **state) {
    (void)state;
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = {.struct_size = sizeof report};
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_E_NO_MODEL);
    load(0);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_E_NO_MODEL);
    load(1);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK); /* nothing is held any more */
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_E_NO_MODEL);
}

static void test_progress_and_cancellation(void **state) {
    (void)state;
    int32_t stage;
    uint64_t done, total;
    mgeo_progress progress = {{0}};
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = {.struct_size = sizeof report};
    load_both(paths[0], paths[1]);
    options.progress = &progress;
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_OK);
    mgeo_progress_read(&progress, &stage, &done, &total);
    assert_int_equal(stage, MGEO_STAGE_FINISHED);
    assert_int_equal(done, PAIRS);
    assert_int_equal(total, PAIRS);
    memset(&progress, 0, sizeof progress);
    mgeo_progress_cancel(&progress);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_E_CANCELLED);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

static void load_both_controllable(void) {
    mgeo_load_options options = on("controllable");
    assert_int_equal(mgeo_load(engine, paths[0], &options, NULL, &error), MGEO_OK);
    assert_int_equal(mgeo_load(engine, paths[1], &options, NULL, &error), MGEO_OK);
}

static void test_a_failing_device_fails_the_comparison(void **state) {
    (void)state;
    mgeo_compare_options options = on_all_pairs();
    mgeo_compare_report report = {.struct_size = sizeof report};
    load_both_controllable();
    for (long nth = 1; nth < 6; nth++) { /* while warming up, and later */
        controllable_fail_runs(nth, 1, MGEO_E_DEVICE);
        assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_E_DEVICE);
        assert_non_null(strstr(error.message, "told to fail"));
    }
    controllable_fail_lanes(true);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_E_DEVICE);
    controllable_fail_lanes(false);
    assert_int_equal(mgeo_compare(engine, &options, &report, &error), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

static void test_without_memory_a_comparison_fails(void **state) {
    (void)state;
    const char *gold[PAIRS] = {"not_match"};
    mgeo_compare_options options = on_all_pairs();
    options.gold = gold;
    load_both(paths[0], paths[1]);
    long nth = 1;
    for (;; nth++) {
        mgeo_compare_report report = {.struct_size = sizeof report};
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgeo_compare(engine, &options, &report, &error);
        mgi_alloc_fail_at(0);
        if (status == MGEO_OK) break;
        assert_int_equal(status, MGEO_E_MEMORY);
    }
    assert_true(nth > 20);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

/* ---- what it disturbs ------------------------------------------------------------------------ */

static void test_it_takes_one_core_and_what_is_left(void **state) {
    (void)state;
    static controllable_run runs[400];
    mgeo_stats stats = {.struct_size = sizeof stats};
    int own = controllable_own_nice();
    load_both_controllable();
    for (uint32_t full_speed = 0; full_speed < 2; full_speed++) {
        controllable_reset();
        mgeo_compare_options options = on_all_pairs();
        options.full_speed = full_speed;
        options.pairs_per_call = 10;
        compare(&options);
        unsigned count = controllable_runs(runs, 400);
        assert_true(count >= 2 * (PAIRS / 10));
        for (unsigned i = 0; i < count; i++) {
            assert_in_range(runs[i].rows, 1, 10);
            assert_int_equal(runs[i].cores, 1);
            assert_true(full_speed != 0 ? runs[i].nice == own : (runs[i].nice > own || own == 19));
        }
    }
    for (int32_t slot = MGEO_BLUE; slot <= MGEO_GREEN; slot++) { /* the models' counts stand */
        assert_int_equal(mgeo_get_stats(engine, slot, &stats, &error), MGEO_OK);
        assert_int_equal(stats.pairs + stats.calls + stats.batches, 0);
    }
}

typedef struct comparer {
    mgeo_compare_report report;
    mgeo_status status;
} comparer;

static void *compare_once(void *argument) {
    comparer *c = argument;
    mgeo_compare_options options = on_all_pairs();
    c->status = mgeo_compare(engine, &options, &c->report, NULL);
    return NULL;
}

static void test_both_stay_while_traffic_turns(void **state) {
    (void)state;
    test_threads threads = {0};
    comparer c = {.report = {.struct_size = sizeof c.report}};
    load_both_controllable();
    controllable_hold(true);
    test_threads_start(&threads, compare_once, &c);
    controllable_await_waiting(1);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_BUSY);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_E_BUSY);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(c.status, MGEO_OK);
    assert_int_equal(c.report.live_generation, 1); /* as it was at the start */
    assert_int_equal(c.report.standby_generation, 2);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_differences_are_those_of_the_answers),
        TEST(test_the_index_is_that_of_the_similarities),
        TEST(test_a_model_and_its_copy),
        TEST(test_times_go_with_the_pairs_per_call),
        TEST(test_accuracy_is_held_against_gold),
        TEST(test_a_label_that_nobody_knows),
        TEST(test_labels_go_by_name),
        TEST(test_other_sets_of_labels),
        TEST(test_one_logit_has_one_label),
        TEST(test_lost_and_gained_pairs),
        TEST(test_two_models_are_needed),
        TEST(test_progress_and_cancellation),
        TEST(test_a_failing_device_fails_the_comparison),
        TEST(test_without_memory_a_comparison_fails),
        TEST(test_it_takes_one_core_and_what_is_left),
        TEST(test_both_stay_while_traffic_turns),
    };
    return cmocka_run_group_tests(tests, make_pairs, remove_models);
}
