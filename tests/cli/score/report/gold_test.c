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
    strcpy(info.labels[0], "not");
    strcpy(info.labels[1], "partial");
    strcpy(info.labels[2], "exact");
    gold_init(gold, &info, 0.5);
}

static void add(struct gold *gold, const char *cell, int32_t label, double similarity) {
    gold_add(gold, cell, strlen(cell), label, similarity);
}

static void measures_accuracy_and_f1(void **state) {
    (void)state;
    struct gold gold;
    struct gold_result result;
    begin(&gold, 3);
    add(&gold, "exact", 2, 0.9);
    add(&gold, "exact", 2, 0.8);
    add(&gold, "exact", 0, 0.1);
    add(&gold, "not", 0, 0.2);
    add(&gold, "not", 2, 0.7);
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
    add(&gold, "exact", 2, 0.9);
    add(&gold, "exact", 2, 0.6);
    add(&gold, "partial", 1, 0.55);
    add(&gold, "not", 0, 0.0);
    struct gold_point point = gold_at(&gold, 550);
    close_to(point.precision, 2.0 / 3);
    close_to(point.recall, 1);
    close_to(point.accuracy, 0.75);
    point = gold_at(&gold, 551);
    close_to(point.f1, 1);
    assert_int_equal(gold_best(&gold), 551);
    assert_true(isnan(gold_at(&gold, 1000).precision));
}

/* similarity >= threshold holds exactly at every threshold that has three digits. */
static void steps_are_exact(void **state) {
    (void)state;
    for (unsigned step = 0; step <= GOLD_STEPS; step++) {
        struct gold gold;
        begin(&gold, 3);
        add(&gold, "exact", 2, step / (double)GOLD_STEPS);
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
    add(&gold, "Exact", 0, 0.1);
    add(&gold, "same", 0, 0.1);
    add(&gold, "same", 0, 0.1);
    for (char name[] = "a"; name[0] <= 'z'; name[0]++) add(&gold, name, 0, 0.1);
    assert_int_equal(gold.compared, 0);
    assert_int_equal(gold.missing, 1);
    assert_int_equal(gold.foreign, 29);
    assert_int_equal(gold.foreign_names, GOLD_FOREIGN);
    assert_string_equal(gold.foreign_name[1], "same");
    assert_string_equal(gold.foreign_name[2], "a");
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
    add(&gold, "exact", 0, 0.1);
    assert_int_equal(gold.compared, 4);
    assert_int_equal(gold.foreign, 1);
    assert_int_equal(gold.confusion[1][1], 1);
    assert_int_equal(gold.confusion[1][0], 1);
    assert_int_equal(gold.confusion[0][1], 1);
    assert_int_equal(gold.confusion[0][0], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(measures_accuracy_and_f1),
                                       cmocka_unit_test(sweeps_thresholds_for_the_best_f1),
                                       cmocka_unit_test(steps_are_exact),
                                       cmocka_unit_test(leaves_out_what_it_does_not_know),
                                       cmocka_unit_test(a_one_logit_model_answers_yes_or_no)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
