/* SPDX-License-Identifier: Apache-2.0 */
/* Precision and recall of clusters against what is worked out by hand. */
#include "match/clusters/agreement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_near(double found, double expected) {
    assert_true(fabs(found - expected) < 1e-12);
}

/* Known 0 1 2 | 3 4; made 0 1 | 2 3 4. Pairs: known 4, made 4, both {0,1} and {3,4}. */
static void figures_are_as_worked_by_hand(void **state) {
    (void)state;
    static const uint32_t known[] = {7, 7, 7, 1, 1}, made[] = {0, 0, 2, 2, 2};
    struct agreement found = agreement_of(known, made, 5);
    assert_int_equal(found.known_pairs, 4);
    assert_int_equal(found.made_pairs, 4);
    assert_int_equal(found.right_pairs, 2);
    assert_near(agreement_pair_precision(&found), 0.5);
    assert_near(agreement_pair_recall(&found), 0.5);
    assert_near(found.precision, (1 + 1 + 1.0 / 3 + 2.0 / 3 + 2.0 / 3) / 5);
    assert_near(found.recall, (2.0 / 3 + 2.0 / 3 + 1.0 / 3 + 1 + 1) / 5);
    assert_near(agreement_f1(0.5, 1), 2.0 / 3);
}

static void rows_alone_are_nothing_to_be_wrong_about(void **state) {
    (void)state;
    static const uint32_t alone[] = {0, 1, 2};
    struct agreement found = agreement_of(alone, alone, 3);
    assert_near(agreement_pair_precision(&found), 1);
    assert_near(agreement_pair_recall(&found), 1);
    assert_near(found.precision, 1);
    found = agreement_of(alone, alone, 0);
    assert_near(found.precision, 0);
    assert_near(agreement_f1(0, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_as_worked_by_hand),
        cmocka_unit_test(rows_alone_are_nothing_to_be_wrong_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
