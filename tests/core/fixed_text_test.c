/* SPDX-License-Identifier: Apache-2.0 */
/* Text in fixed arrays: where it is cut. */
#include "core/fixed_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_copy_is_cut_between_characters(void **state) {
    (void)state;
    char to[8];
    mgi_fixed_text_copy(to, sizeof to, "abc");
    assert_string_equal(to, "abc");
    mgi_fixed_text_copy(to, sizeof to, "ab路路");
    assert_string_equal(to, "ab路");
    mgi_fixed_text_copy(to, sizeof to, "abcd路");
    assert_string_equal(to, "abcd路");
    mgi_fixed_text_copy(to, 1, "路");
    assert_string_equal(to, "");
    to[0] = 'z';
    mgi_fixed_text_copy(to, 0, "路");
    assert_int_equal(to[0], 'z');
}

static char *format(char *line, size_t capacity, const char *pattern, ...) {
    va_list arguments;
    va_start(arguments, pattern);
    mgi_fixed_text_format(line, capacity, pattern, arguments);
    va_end(arguments);
    return line;
}

static void a_line_is_cut_between_characters_and_holds_no_controls(void **state) {
    (void)state;
    char line[8];
    assert_string_equal(format(line, sizeof line, "%d %s", 7, "ab"), "7 ab");
    assert_string_equal(format(line, sizeof line, "abcd%s", "路"), "abcd路");
    assert_string_equal(format(line, sizeof line, "abcde%s", "路"), "abcde");
    char wide[16];
    assert_string_equal(format(wide, sizeof wide, "a%sb", "\n\x7f"), "a\\x0A\\x7Fb");
    assert_string_equal(format(line, sizeof line, "a%sb路", "\x1B"), "a\\x1Bb");
    assert_string_equal(format(line, sizeof line, "ab%s路", "\x1B"), "ab\\x1B");
    assert_string_equal(format(line, sizeof line, "abc%sd", "\x1B"), "abc\\x1B");
    assert_string_equal(format(line, sizeof line, "abcd%sd", "\x1B"), "abcd");
    assert_string_equal(format(line, 1, "%s", "路"), "");
    char wider[64];
    assert_string_equal(format(wider, sizeof wider, "a%sb", "\xC2\x9B"), "a\\xC2\\x9Bb");
    assert_string_equal(format(wider, sizeof wider, "a%sb", "\xE2\x80\xAE"), "a\\xE2\\x80\\xAEb");
    assert_string_equal(format(wider, sizeof wider, "%s路", "\xC2\xB7\xFF"), "·\\xFF路");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_cut_between_characters),
        cmocka_unit_test(a_line_is_cut_between_characters_and_holds_no_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
