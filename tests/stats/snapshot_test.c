/* SPDX-License-Identifier: Apache-2.0 */
/* Differences between snapshots. */
#include "stats/snapshot.h"
#include "support/check.h"

#include <stddef.h>

/* Every count is a uint64_t, so that a member that was forgotten shows. */
static void test_a_difference_takes_every_member(void **state) {
    (void)state;
    enum { WORDS = sizeof(mgi_snapshot) / sizeof(uint64_t) };
    static mgi_snapshot now, before, difference;
    for (size_t i = 0; i < WORDS; i++) {
        ((uint64_t *)&now)[i] = 10 * i + 7;
        ((uint64_t *)&before)[i] = 3 * i + 2;
    }
    mgi_snapshot_since(&difference, &now, &before);
    for (size_t i = 0; i < WORDS; i++) assert_int_equal(((uint64_t *)&difference)[i], 7 * i + 5);
}

static void test_failed_calls_of_every_status_are_summed(void **state) {
    (void)state;
    mgi_snapshot snapshot = {.calls = 9, .failed_by = {[2] = 1, [10] = 3, [15] = 1}};
    assert_int_equal(mgi_snapshot_failed(&snapshot), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_difference_takes_every_member),
        cmocka_unit_test(test_failed_calls_of_every_status_are_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
