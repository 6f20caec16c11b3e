/* SPDX-License-Identifier: Apache-2.0 */
/* Where texts stop being UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/utf8.h"

static void accepts_every_length(void **state) {
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\x7F",
                                       "\xC2\x80",
                                       "\xDF\xBF",
                                       "\xE0\xA0\x80",
                                       "地",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xF0\x90\x80\x80",
                                       "\xF4\x8F\xBF\xBF",
                                       "北京路1号"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(utf8_valid_prefix(good[i], strlen(good[i])), strlen(good[i]));
    }
    assert_int_equal(utf8_valid_prefix("a\0b", 3), 3);
}

static void finds_the_first_bad_byte(void **state) {
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "\xC2",
                                      "\xE5\x9C",
                                      "\xF0\x9F\x98",
                                      ("\xE5\x9C"
                                       "a")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[16] = "ok";
        strcat(text, bad[i]);
        assert_int_equal(utf8_valid_prefix(text, strlen(text)), 2);
    }
}

static void cuts_between_characters(void **state) {
    (void)state;
    static const char text[] = "a路é😀"; /* ends at 1, 4, 6, 10 */
    static const size_t kept[] = {0, 1, 1, 1, 4, 4, 6, 6, 6, 6, 10, 10};
    for (size_t most = 0; most < sizeof kept / sizeof *kept; most++) {
        assert_int_equal(utf8_cut(text, 10, most), kept[most]);
    }
    assert_int_equal(utf8_cut("\x80\x80\x80\x80\x80", 5, 4), 4); /* nothing to keep whole */
}

static void counts_columns(void **state) {
    (void)state;
    assert_int_equal(utf8_columns("", 0), 0);
    assert_int_equal(utf8_columns("ab1", 3), 3);
    assert_int_equal(utf8_columns("路1号", 7), 5);
    assert_int_equal(utf8_columns("ＡＢ", 6), 4);
    assert_int_equal(utf8_columns("é█", 5), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_every_length), cmocka_unit_test(finds_the_first_bad_byte),
        cmocka_unit_test(cuts_between_characters), cmocka_unit_test(counts_columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
