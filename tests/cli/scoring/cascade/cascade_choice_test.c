/* SPDX-License-Identifier: Apache-2.0 */
/* What --keep-agreement chooses on samples whose truth is known, and the bound by which it does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/random.h"
#include "scoring/cascade/cascade_choice.h"

enum { LABELS = 3 };

/* How often the second model agrees: label 0 as often as the first model says, label 1 rarely in
 * any case, label 2 nearly always. */
static double truth(int32_t label, double probability) {
    return label == 0 ? probability : label == 1 ? 0.6 : 0.9999;
}

static struct cascade_seen *draw(uint64_t seed, size_t count) {
    struct random random = {seed};
    struct cascade_seen *seen = calloc(count, sizeof *seen);
    for (size_t i = 0; i < count; i++) {
        double probability = 1 - 0.6 * pow(random_even(&random), 4);
        seen[i].label = (int32_t)(random_even(&random) * LABELS);
        seen[i].probability = (float)probability;
        seen[i].agrees = random_even(&random) < truth(seen[i].label, probability);
    }
    return seen;
}

/* The share of agreement in all that could be drawn. */
static double real_agreement(const struct cascade_rule *rule) {
    struct random random = {99};
    double agreeing = 0;
    enum { ALL = 200000 };
    for (int i = 0; i < ALL; i++) {
        double probability = 1 - 0.6 * pow(random_even(&random), 4);
        int32_t label = (int32_t)(random_even(&random) * LABELS);
        bool kept = cascade_rule_keeps(rule, 0, label, (float)probability);
        agreeing += kept ? truth(label, probability) : 1;
    }
    return agreeing / ALL;
}

static void the_bound_is_that_of_clopper_and_pearson(void **state) {
    (void)state;
    assert_true(fabs(cascade_bound(0, 100) - (1 - pow(0.05, 0.01))) < 1e-9);
    assert_true(fabs(cascade_bound(10, 100) - 0.163719) < 1e-5); /* scipy: beta.ppf(0.95, 11, 90) */
    assert_true(fabs(cascade_bound(3, 5000) - 0.00155) < 1e-5);  /* beta.ppf(0.95, 4, 4997) */
    assert_true(cascade_bound(7, 7) == 1);
}

static void what_is_chosen_keeps_the_share(void **state) {
    (void)state;
    enum { SAMPLES = 100, COUNT = 3000 };
    int broken = 0;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        struct cascade_seen *seen = draw(i + 1, COUNT);
        struct cascade_choice choice;
        cascade_choose(seen, COUNT, LABELS, 0.98, &choice);
        free(seen);
        assert_int_equal(choice.rule.kind, CASCADE_SURE);
        assert_int_equal(choice.sample, COUNT);
        assert_true(choice.kept > choice.checked / 2);
        assert_true(choice.at_least >= 0.98);
        broken += real_agreement(&choice.rule) < 0.98;
    }
    assert_true(broken <= 12); /* of 100 at 5%: more than that is one chance in a thousand */
}

/* The label on which the models differ in any case goes to the second one, that on which they agree
 * stays. */
static void labels_are_told_apart(void **state) {
    (void)state;
    enum { COUNT = 6000 };
    struct cascade_seen *seen = draw(5, COUNT);
    struct cascade_choice choice;
    cascade_choose(seen, COUNT, LABELS, 0.99, &choice);
    assert_true(choice.rule.least[1] > 1);
    assert_true(choice.rule.least[2] < 0.5);
    assert_true(choice.rule.least[0] > 0.8 && choice.rule.least[0] < 1);
    free(seen);
}

static void counts_are_those_of_the_rule(void **state) {
    (void)state;
    enum { COUNT = 3000 };
    struct cascade_seen *seen = draw(3, COUNT);
    struct cascade_choice choice;
    uint64_t kept = 0, disagreeing = 0;
    cascade_choose(seen, COUNT, LABELS, 0.98, &choice);
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 == 0) continue; /* these gave the order */
        bool keeps = cascade_rule_keeps(&choice.rule, 0, seen[i].label, seen[i].probability);
        kept += keeps;
        disagreeing += keeps && !seen[i].agrees;
    }
    assert_int_equal(choice.checked, 2000);
    assert_int_equal(choice.kept, kept);
    assert_int_equal(choice.disagreeing, disagreeing);
    assert_true(choice.at_least == 1 - cascade_bound(disagreeing, 2000));
    free(seen);
}

static void too_small_a_sample_shows_nothing(void **state) {
    (void)state;
    struct cascade_choice choice;
    struct cascade_seen *seen = draw(1, 600);
    for (size_t i = 0; i < 600; i++) seen[i].agrees = true;
    cascade_choose(seen, 600, LABELS, 0.995, &choice);
    assert_int_equal(choice.rule.kind, CASCADE_NEVER);
    assert_int_equal(choice.needed, 598);
    assert_int_equal(choice.kept, 0);
    cascade_choose(seen, 0, LABELS, 0.995, &choice);
    assert_int_equal(choice.rule.kind, CASCADE_NEVER);
    free(seen);
}

/* Where the second model denies that they match, normal forms decide nothing; where it does not,
 * they take part. */
static void pairs_of_one_form_are_held_against_it(void **state) {
    (void)state;
    enum { COUNT = 3000 };
    struct cascade_seen *seen = draw(1, COUNT);
    struct cascade_choice without, denied, agreed;
    cascade_choose(seen, COUNT, LABELS, 0.98, &without);
    for (size_t i = 0; i < COUNT; i += 10) seen[i].same_form = true;
    cascade_choose(seen, COUNT, LABELS, 0.98, &denied);
    for (size_t i = 0; i < COUNT; i += 10) seen[i].form_agrees = true;
    cascade_choose(seen, COUNT, LABELS, 0.98, &agreed);
    free(seen);
    assert_int_equal(denied.rule.kind, CASCADE_SURE);
    assert_false(denied.same_form);
    assert_memory_equal(denied.rule.least, without.rule.least, LABELS * sizeof(double));
    assert_int_equal(agreed.rule.kind, CASCADE_SURE);
    assert_true(agreed.same_form);
    assert_true(agreed.kept > denied.kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_bound_is_that_of_clopper_and_pearson),
                                       cmocka_unit_test(what_is_chosen_keeps_the_share),
                                       cmocka_unit_test(labels_are_told_apart),
                                       cmocka_unit_test(counts_are_those_of_the_rule),
                                       cmocka_unit_test(too_small_a_sample_shows_nothing),
                                       cmocka_unit_test(pairs_of_one_form_are_held_against_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
