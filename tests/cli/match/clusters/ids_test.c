/* SPDX-License-Identifier: Apache-2.0 */
/* Ids are numbered in the order they come, each once, and of two tables apart. */
#include "match/clusters/ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void ids_have_the_numbers_of_their_first_coming(void **state) {
    (void)state;
    struct ids ids = {0};
    assert_int_equal(ids_find(&ids, IDS_A, "x", 1), IDS_NONE);
    assert_int_equal(ids_add(&ids, IDS_A, "x1y", 2), 0);
    assert_int_equal(ids_add(&ids, IDS_A, "x", 1), 1);
    assert_int_equal(ids_add(&ids, IDS_B, "x1", 2), 2);
    assert_int_equal(ids_add(&ids, IDS_A, "x1", 2), 0);
    assert_int_equal(ids_find(&ids, IDS_B, "x1", 2), 2);
    assert_int_equal(ids_find(&ids, IDS_B, "x", 1), IDS_NONE);
    assert_string_equal(ids_text(&ids, 2), "x1");
    assert_string_equal(ids_sided(&ids, 2), "b:x1");
    assert_int_equal(ids_side_of(&ids, 0), IDS_A);
    ids_finish(&ids);
}

static void many_ids_stay_apart(void **state) {
    (void)state;
    enum { MANY = 20000 };
    struct ids ids = {0};
    char id[16];
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < MANY; i++) {
            int length = snprintf(id, sizeof id, "%u", i);
            assert_int_equal(ids_add(&ids, IDS_A, id, (size_t)length), i);
        }
    }
    assert_int_equal(ids.count, MANY);
    assert_string_equal(ids_text(&ids, 19999), "19999");
    ids_finish(&ids);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_have_the_numbers_of_their_first_coming),
        cmocka_unit_test(many_ids_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
