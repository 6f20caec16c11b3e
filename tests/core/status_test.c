/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses and the one line that goes with them. */
#include "core/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void every_status_has_a_name_and_a_text(void **state) {
    (void)state;
#define CHECK(name, number, text)                                                                  \
    assert_string_equal(mgeo_status_name(number), #name);                                          \
    assert_string_equal(mgeo_status_text(number), text);
    MGEO_STATUS_LIST(CHECK)
#undef CHECK
    assert_non_null(mgeo_status_name(-1));
    assert_non_null(mgeo_status_text(1000));
    assert_string_equal(mgeo_version(), MGEO_VERSION);
    char numbers[32];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", MGEO_VERSION_MAJOR, MGEO_VERSION_MINOR,
             MGEO_VERSION_PATCH);
    assert_string_equal(mgeo_version(), numbers);
}

static void a_failure_returns_its_status_and_says_why(void **state) {
    (void)state;
    mgeo_error error;
    assert_int_equal(mgi_fail(&error, MGEO_E_IO, "%s: %d", "file", 7), MGEO_E_IO);
    assert_int_equal(error.status, MGEO_E_IO);
    assert_string_equal(error.message, "file: 7");
    assert_int_equal(mgi_fail(NULL, MGEO_E_FORMAT, "x"), MGEO_E_FORMAT);
    assert_int_equal(mgi_fail_memory(&error, "a table", 12), MGEO_E_MEMORY);
    assert_non_null(strstr(error.message, "12 bytes for a table"));
    assert_int_equal(mgi_succeed(&error), MGEO_OK);
    assert_int_equal(error.status, MGEO_OK);
    assert_string_equal(error.message, "");
    assert_int_equal(mgi_succeed(NULL), MGEO_OK);
}

static void a_message_is_one_line(void **state) {
    (void)state;
    mgeo_error error;
    mgi_fail(&error, MGEO_E_IO, "a%sb", "\r\n\t\x1b\x7f");
    assert_string_equal(error.message, "a\\x0D\\x0A\\x09\\x1B\\x7Fb");
}

static void a_long_message_is_cut_between_characters(void **state) {
    (void)state;
    char text[1200];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t at = shift; at + 3 < sizeof text; at += 3) memcpy(text + at, "路", 4);
        mgeo_error error;
        mgi_fail(&error, MGEO_E_IO, "%s", text);
        size_t length = strlen(error.message);
        assert_true(length < sizeof error.message && length > sizeof error.message - 8);
        assert_int_equal((length - shift) % 3, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_and_a_text),
        cmocka_unit_test(a_failure_returns_its_status_and_says_why),
        cmocka_unit_test(a_message_is_one_line),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
