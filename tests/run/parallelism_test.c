/* SPDX-License-Identifier: Apache-2.0 */
/* The choice between one core and several follows what was measured. */
#include "run/parallelism.h"

#include "support/check.h"

enum { OFFERED = 4 };

/* Chooses `times` times where a token takes `serial` seconds on one core and `parallel` on several;
 * returns how often several were chosen. */
static unsigned play(mgi_parallelism *known, unsigned times, double serial, double parallel) {
    unsigned several = 0;
    for (unsigned i = 0; i < times; i++) {
        unsigned used = mgi_parallelism_choose(known, OFFERED);
        assert_true(used == 1 || used == OFFERED);
        several += used == OFFERED;
        mgi_parallelism_learn(known, used, 40, 40 * (used == 1 ? serial : parallel));
    }
    return several;
}

static void test_one_core_is_one_core(void **state) {
    (void)state;
    mgi_parallelism known = {0};
    assert_int_equal(mgi_parallelism_choose(&known, 1), 1);
    assert_int_equal(mgi_parallelism_choose(&known, 0), 1);
}

static void test_both_ways_are_tried_first(void **state) {
    (void)state;
    mgi_parallelism known = {0};
    assert_int_equal(mgi_parallelism_choose(&known, OFFERED), OFFERED);
    mgi_parallelism_learn(&known, OFFERED, 10, 1.0);
    assert_int_equal(mgi_parallelism_choose(&known, OFFERED), 1);
}

static void test_the_faster_way_is_taken(void **state) {
    (void)state;
    mgi_parallelism known = {0};
    assert_true(play(&known, 1000, 2e-3, 1e-3) > 980);
    mgi_parallelism others = {0};
    assert_true(play(&others, 1000, 1e-3, 9e-3) < 20);
}

static void test_the_slower_way_is_tried_again_when_things_change(void **state) {
    (void)state;
    mgi_parallelism known = {0};
    play(&known, 5000, 1e-3, 9e-3);  /* the other cores are busy */
    play(&known, 20000, 2e-3, 1e-3); /* now they are idle */
    assert_true(play(&known, 100, 2e-3, 1e-3) > 90);
    play(&known, 100, 2e-3, 50e-3); /* and busy again: seen at once */
    assert_true(play(&known, 100, 2e-3, 50e-3) < 10);
}

static void test_a_coarse_clock_does_no_harm(void **state) {
    (void)state;
    mgi_parallelism known = {0};
    play(&known, 100, 0, 0);
    assert_true(known.serial > 0 && known.parallel > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_core_is_one_core),
        cmocka_unit_test(test_both_ways_are_tried_first),
        cmocka_unit_test(test_the_faster_way_is_taken),
        cmocka_unit_test(test_the_slower_way_is_tried_again_when_things_change),
        cmocka_unit_test(test_a_coarse_clock_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
