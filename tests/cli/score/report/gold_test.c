/* SPDX-License-Identifier: Apache-2.0 */
/* Figures against gold labels, worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "score/report/gold.h"

static void close_to(double value, double expected) { assert_true(fabs(value - expected) < 1e-12); }

static void begin(struct gold *gold, uint32_t labels) {
    static mgeo_model_info info;
    memset(&info, 0, sizeof info);
    info.label_count = labels;
    info.positive_label = labels == 1 ? -1 : 2;
    strcpy(info.labels[0], "not_match");
    strcpy(info.labels[1], "partial_match");
    strcpy(info.labels[2], "exact_match");
    struct error error;
    assert_true(gold_init(gold, &info, 0.5, NULL, &error));
}

static void add(struct gold *gold, const char *cell, int32_t label, double similarity) {
    gold_add(gold, cell, strlen(cell), label, similarity);
}

static void measures_accuracy_and_f1(void **state) {
    (void)state;
    struct gold gold;
    struct gold_result result;
    begin(&gold, 3);
    add(&gold, "exact_match", 2, 0.9);
    add(&gold, "exact_match", 2, 0.8);
    add(&gold, "exact_match", 0, 0.1);
    add(&gold, "not_match", 0, 0.2);
    add(&gold, "not_match", 2, 0.7);
    gold_measure(&gold, &result);
    close_to(result.accuracy, 0.6);
    close_to(result.classes[2].precision, 2.0 / 3);
    close_to(result.classes[2].recall, 2.0 / 3);
    close_to(result.classes[0].f1, 0.5);
    assert_true(isnan(result.classes[1].f1));
    close_to(result.macro_f1, (2.0 / 3 + 0.5) / 2); /* "partial" occurs nowhere */
    assert_int_equal(gold.confusion[2][0], 1);
    assert_int_equal(gold.confusion[0][2], 1);
}

static void sweeps_thresholds_for_the_best_f1(void **state) {
    (void)state;
    struct gold gold;
    begin(&gold, 3);
    add(&gold, "exact_match", 2, 0.9);
    add(&gold, "exact_match", 2, 0.6);
    add(&gold, "partial_match", 1, 0.55);
    add(&gold, "not_match", 0, 0.0);
    struct gold_point point = gold_at(&gold, 550);
    close_to(point.precision, 2.0 / 3);
    close_to(point.recall, 1);
    close_to(point.accuracy, 0.75);
    point = gold_at(&gold, 551);
    close_to(point.f1, 1);
    unsigned best = 0;
    assert_true(gold_best(&gold, &best));
    assert_int_equal(best, 575); /* 551 to 600 are equally good */
    assert_true(isnan(gold_at(&gold, 1000).precision));
}

/* similarity >= threshold holds exactly at every threshold that has three digits. */
static void steps_are_exact(void **state) {
    (void)state;
    for (unsigned step = 0; step <= GOLD_STEPS; step++) {
        struct gold gold;
        begin(&gold, 3);
        add(&gold, "exact_match", 2, step / (double)GOLD_STEPS);
        close_to(gold_at(&gold, step).recall, 1);
        if (step < GOLD_STEPS) close_to(gold_at(&gold, step + 1).recall, 0);
    }
}

static void leaves_out_what_it_does_not_know(void **state) {
    (void)state;
    struct gold gold;
    struct gold_result result;
    begin(&gold, 3);
    add(&gold, "", 0, 0.1);
    add(&gold, "exactly", 0, 0.1);
    add(&gold, "alike", 0, 0.1);
    add(&gold, "alike", 0, 0.1);
    assert_int_equal(gold.foreign_label[1].rows, 2);
    for (char name[] = "aa"; name[0] <= 'z'; name[0]++) add(&gold, name, 0, 0.1);
    assert_int_equal(gold.compared, 0);
    assert_int_equal(gold.missing, 1);
    assert_int_equal(gold.foreign, 29);
    assert_int_equal(gold.foreign_names, GOLD_FOREIGN);
    assert_string_equal(gold.foreign_label[1].name, "alike");
    assert_string_equal(gold.foreign_label[2].name, "aa");
    gold_measure(&gold, &result);
    assert_true(isnan(result.accuracy) && isnan(result.macro_f1));
}

static void a_one_logit_model_answers_yes_or_no(void **state) {
    (void)state;
    struct gold gold;
    begin(&gold, 1);
    add(&gold, "yes", 0, 0.5);
    add(&gold, "1", 0, 0.4);
    add(&gold, "FALSE", 0, 0.9);
    add(&gold, "no", 0, 0.1);
    add(&gold, "partial", 0, 0.1);
    assert_int_equal(gold.compared, 4);
    assert_int_equal(gold.foreign, 1);
    assert_int_equal(gold.confusion[1][1], 1);
    assert_int_equal(gold.confusion[1][0], 1);
    assert_int_equal(gold.confusion[0][1], 1);
    assert_int_equal(gold.confusion[0][0], 1);
}

/* Of equal neighbours the middle one, of equal runs the longest; none where nothing is separated.
 */
static void the_best_threshold_is_in_the_middle_or_nowhere(void **state) {
    (void)state;
    struct gold gold;
    unsigned best = 0;
    begin(&gold, 3);
    assert_false(gold_best(&gold, &best)); /* no row */
    add(&gold, "not_match", 0, 0.2);
    assert_false(gold_best(&gold, &best)); /* no positive row */
    add(&gold, "exact_match", 2, 0.8);
    assert_true(gold_best(&gold, &best));
    assert_int_equal(best, 500); /* 201 to 800 */
    begin(&gold, 3);
    add(&gold, "exact_match", 2, 0.8);
    assert_false(gold_best(&gold, &best)); /* no other row */
    begin(&gold, 3);
    add(&gold, "exact_match", 2, 0.5);
    add(&gold, "not_match", 0, 0.5);
    assert_true(gold_best(&gold, &best));
    assert_int_equal(best, 250); /* 0 to 500 */
    begin(&gold, 3);
    add(&gold, "exact_match", 2, 1.0);
    add(&gold, "not_match", 0, 0.999);
    assert_true(gold_best(&gold, &best));
    assert_int_equal(best, 1000);
}

static void counts_words_of_both_languages(void **state) {
    (void)state;
    static const char *const cells[3][12] = {
        {"not_match", "NO", "0", "false", "不匹配", "否", "-1", "Not-Match", "ＮＯ", "\"0\"", "F",
         NULL},
        {"partial_match", "Partial Match", "部分匹配", "相似", "partial", NULL},
        {"Exact_Match", "exact_match ", "1", "1.0", "yes", "TRUE", "完全匹配", "是", "\u3000１",
         "'exact'", "match", NULL}};
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; cells[i][j] != NULL; j++) {
            struct gold gold;
            begin(&gold, 3);
            add(&gold, cells[i][j], 1, 0.1);
            assert_int_equal(gold.confusion[i][1], 1);
        }
    }
}

/* The words that a model has no label for stay foreign, and its own names come before them. */
static void words_mean_what_the_model_can_say(void **state) {
    (void)state;
    mgeo_model_info info = {.label_count = 2, .positive_label = 0};
    struct error error;
    struct gold gold;
    strcpy(info.labels[0], "0");
    strcpy(info.labels[1], "1");
    assert_true(gold_init(&gold, &info, 0.5, NULL, &error));
    add(&gold, "0", 0, 0.1);
    add(&gold, "yes", 0, 0.1);
    add(&gold, "no", 0, 0.1);
    add(&gold, "部分匹配", 0, 0.1);
    assert_int_equal(gold.confusion[0][0], 2); /* its positive label is called "0" */
    assert_int_equal(gold.confusion[1][0], 1);
    assert_int_equal(gold.foreign, 1);
    assert_int_equal(gold.mapped_names, 2);
    assert_string_equal(gold.mapped[0].name, "yes");
}

static void maps_as_told(void **state) {
    (void)state;
    mgeo_model_info info = {.label_count = 3, .positive_label = 2};
    struct error error;
    struct gold gold;
    struct gold_map map = {0}, wrong = {0};
    strcpy(info.labels[0], "not_match");
    strcpy(info.labels[1], "partial_match");
    strcpy(info.labels[2], "exact_match");
    assert_true(gold_map_add(&map, "1=not_match,2 = Exact_Match", &error));
    assert_true(gold_map_add(&map, "a=b=partial_match,=not_match", &error));
    assert_true(gold_init(&gold, &info, 0.5, &map, &error));
    add(&gold, "１", 0, 0.1);
    add(&gold, "2", 0, 0.1);
    add(&gold, "A=B", 0, 0.1);
    add(&gold, " ", 0, 0.1);
    assert_int_equal(gold.confusion[0][0], 2);
    assert_int_equal(gold.confusion[1][0], 1);
    assert_int_equal(gold.confusion[2][0], 1);
    assert_int_equal(gold.missing, 0);
    assert_false(gold_map_add(&map, "1=exact_match", &error));
    assert_non_null(strstr(error.line, "twice"));
    assert_false(gold_map_add(&wrong, "1", &error));
    assert_false(gold_map_add(&wrong, "1=", &error));
    assert_false(gold_map_add(&wrong, "", &error));
    assert_true(gold_map_add(&wrong, "1=same_place", &error));
    assert_false(gold_init(&gold, &info, 0.5, &wrong, &error));
    assert_non_null(strstr(error.line, "exact_match"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_accuracy_and_f1),
        cmocka_unit_test(sweeps_thresholds_for_the_best_f1),
        cmocka_unit_test(steps_are_exact),
        cmocka_unit_test(leaves_out_what_it_does_not_know),
        cmocka_unit_test(a_one_logit_model_answers_yes_or_no),
        cmocka_unit_test(the_best_threshold_is_in_the_middle_or_nowhere),
        cmocka_unit_test(counts_words_of_both_languages),
        cmocka_unit_test(words_mean_what_the_model_can_say),
        cmocka_unit_test(maps_as_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
