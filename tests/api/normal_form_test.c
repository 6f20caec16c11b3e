/* SPDX-License-Identifier: Apache-2.0 */
/* The public normal form: what it refuses, how it tells its length. */
#include "core/alloc.h"
#include "mgeo.h"
#include "support/check.h"

#include <stdint.h>
#include <string.h>

static const char text[] = "北京朝阳区建国路八十八号";
static const char form[] = "北京市朝阳区建国路88号";

static void expect_refused(mgeo_status status, const mgeo_error *error, mgeo_status expected) {
    assert_int_equal(status, expected);
    assert_int_equal(error->status, expected);
    assert_true(strlen(error->message) > 10);
}

static void it_is_written_with_a_nul(void **state) {
    (void)state;
    char made[64];
    size_t length = 0;
    mgeo_error error = {.status = MGEO_E_IO, .message = "of before"};
    assert_int_equal(mgeo_normal_form(text, sizeof text - 1, made, sizeof made, &length, &error),
                     MGEO_OK);
    assert_string_equal(made, form);
    assert_int_equal(length, sizeof form - 1);
    assert_int_equal(error.status, MGEO_OK);
    assert_string_equal(error.message, "");
    assert_int_equal(mgeo_normal_form(text, MGEO_NUL_TERMINATED, made, sizeof form, &length, NULL),
                     MGEO_OK);
    assert_string_equal(made, form);
}

static void the_length_can_be_asked_for(void **state) {
    (void)state;
    char made[sizeof form - 1] = "before";
    size_t length = 0;
    mgeo_error error;
    assert_int_equal(mgeo_normal_form(text, sizeof text - 1, NULL, 0, &length, &error), MGEO_OK);
    assert_int_equal(length, sizeof form - 1);
    length = 0;
    expect_refused(mgeo_normal_form(text, sizeof text - 1, made, sizeof made, &length, &error),
                   &error, MGEO_E_CAPACITY);
    assert_int_equal(length, sizeof form - 1);
    assert_string_equal(made, "");
    expect_refused(mgeo_normal_form(text, sizeof text - 1, made, 0, &length, &error), &error,
                   MGEO_E_CAPACITY);
}

static void what_names_nothing_is_empty(void **state) {
    (void)state;
    char made[8] = "before";
    size_t length = 1;
    assert_int_equal(mgeo_normal_form(NULL, 0, made, sizeof made, &length, NULL), MGEO_OK);
    assert_int_equal(length, 0);
    assert_string_equal(made, "");
    assert_int_equal(mgeo_normal_form("，。", MGEO_NUL_TERMINATED, made, 1, &length, NULL),
                     MGEO_OK);
    assert_string_equal(made, "");
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    char made[64];
    size_t length = 0;
    mgeo_error error;
    expect_refused(mgeo_normal_form(text, 3, made, sizeof made, NULL, &error), &error,
                   MGEO_E_ARGUMENT);
    expect_refused(mgeo_normal_form(NULL, 3, made, sizeof made, &length, &error), &error,
                   MGEO_E_ARGUMENT);
    expect_refused(mgeo_normal_form(NULL, MGEO_NUL_TERMINATED, made, sizeof made, &length, &error),
                   &error, MGEO_E_ARGUMENT);
    expect_refused(mgeo_normal_form(text, 3, NULL, 8, &length, &error), &error, MGEO_E_ARGUMENT);
    expect_refused(mgeo_normal_form(text, SIZE_MAX / 2 + 1, made, sizeof made, &length, &error),
                   &error, MGEO_E_ARGUMENT);
    expect_refused(mgeo_normal_form("\xC3(", 2, made, sizeof made, &length, &error), &error,
                   MGEO_E_ARGUMENT);
    assert_string_equal(made, "");
    assert_int_equal(length, 0);
}

static void memory_may_run_out(void **state) {
    (void)state;
    char made[64];
    size_t length = 0;
    mgeo_error error;
    for (long nth = 1; nth <= 3; nth++) {
        mgi_alloc_fail_at(nth);
        mgeo_status status =
            mgeo_normal_form(text, sizeof text - 1, made, sizeof made, &length, &error);
        mgi_alloc_fail_at(0);
        expect_refused(status, &error, MGEO_E_MEMORY);
        assert_string_equal(made, "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_with_a_nul),
        cmocka_unit_test(the_length_can_be_asked_for),
        cmocka_unit_test(what_names_nothing_is_empty),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
