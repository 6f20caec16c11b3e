/* SPDX-License-Identifier: Apache-2.0 */
/* Words in their common form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "table/word.h"

static void folds_blanks_case_width_and_quotes(void **state) {
    (void)state;
    static const char *const folded[][2] = {
        {"", ""},
        {" \t\r", ""},
        {"Exact_Match ", "exact_match"},
        {"\u3000ＥＸＡＣＴ\u3000ｍａｔｃｈ\u00A0", "exact match"},
        {"\uFEFF\u200B完全匹配\u200D", "完全匹配"},
        {"\"Yes\"", "yes"},
        {"“ 是 ”", "是"},
        {"'", "'"},
        {"\"\"", "\"\""},
        {"É", "É"},
    };
    char to[WORD_BYTES];
    for (size_t i = 0; i < sizeof folded / sizeof *folded; i++) {
        assert_true(word_fold(folded[i][0], strlen(folded[i][0]), to));
        assert_string_equal(to, folded[i][1]);
    }
}

static void what_is_too_long_or_no_utf8_is_no_word(void **state) {
    (void)state;
    char to[WORD_BYTES], text[2 * WORD_BYTES];
    memset(text, 'a', sizeof text);
    assert_true(word_fold(text, WORD_BYTES - 1, to));
    assert_false(word_fold(text, WORD_BYTES, to));
    memset(text, ' ', WORD_BYTES); /* blanks before it do not make it longer */
    assert_true(word_fold(text, WORD_BYTES + 2, to));
    assert_string_equal(to, "aa");
    assert_false(word_fold("a\xFF", 2, to));
}

static void joins_letters_only(void **state) {
    (void)state;
    static const char *const joined[][2] = {
        {"exact_match", "exactmatch"}, {"not - match", "notmatch"}, {"-1", "-1"}, {"1-1", "1-1"},
        {"label_0", "label_0"},        {"完全 匹配", "完全匹配"},   {"a_", "a_"}, {"", ""}};
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
        char word[32];
        strcpy(word, joined[i][0]);
        word_join(word);
        assert_string_equal(word, joined[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(folds_blanks_case_width_and_quotes),
                                       cmocka_unit_test(what_is_too_long_or_no_utf8_is_no_word),
                                       cmocka_unit_test(joins_letters_only)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
