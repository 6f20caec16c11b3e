/* SPDX-License-Identifier: Apache-2.0 */
/* When two texts differ in their unknown words. */
#include "text/unknown_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Each letter is an unknown word. */
static mgi_unknown_words of_letters(const char *letters) {
    mgi_unknown_words words = {0};
    memset(words.kept, 0xA5, sizeof words.kept);
    for (; *letters != '\0'; letters++) {
        int32_t character = *letters;
        mgi_unknown_words_take(&words, &character, 1);
    }
    return words;
}

static bool differ(const char *a, const char *b) {
    const mgi_unknown_words first = of_letters(a);
    const mgi_unknown_words second = of_letters(b);
    bool answer = mgi_unknown_words_differ(&first, &second);
    assert_int_equal(mgi_unknown_words_differ(&second, &first), answer);
    return answer;
}

static void the_same_words_in_the_same_order_are_alike(void **state) {
    (void)state;
    assert_false(differ("", ""));
    assert_false(differ("a", "a"));
    assert_false(differ("abcab", "abcab"));
}

static void another_word_is_a_difference(void **state) {
    (void)state;
    assert_true(differ("a", "b"));
    assert_true(differ("a", ""));
    assert_true(differ("ab", "a"));
    assert_true(differ("ab", "ac"));
    assert_true(differ("abc", "adc"));
}

static void another_order_is_a_difference(void **state) {
    (void)state;
    assert_true(differ("ab", "ba"));
    assert_true(differ("aab", "aba"));
    assert_true(differ("aba", "bab")); /* as many, but not the same in each place */
    assert_true(differ("abab", "bba"));
}

static void what_was_said_before_may_be_left_out(void **state) {
    (void)state;
    assert_false(differ("aa", "a"));
    assert_false(differ("aab", "ab"));
    assert_false(differ("abab", "ab"));
    assert_true(differ("aab", "a"));
}

static void longer_words_are_compared_whole(void **state) {
    (void)state;
    static const int32_t one[] = {'k', 't', 'v'};
    static const int32_t other[] = {'k', 'v', 't'};
    mgi_unknown_words a = {0}, b = {0}, c = {0}, d = {0};
    mgi_unknown_words_take(&a, one, 3);
    mgi_unknown_words_take(&b, other, 3);
    mgi_unknown_words_take(&c, one, 3);
    for (int i = 0; i < 3; i++) mgi_unknown_words_take(&d, &one[i], 1); /* as three words */
    assert_false(mgi_unknown_words_differ(&a, &c));
    assert_true(mgi_unknown_words_differ(&a, &b));
    assert_true(mgi_unknown_words_differ(&a, &d));
}

/* More than are kept: equal or not is all that is told. */
static void many_words_are_compared_by_their_digest(void **state) {
    (void)state;
    char a[MGI_UNKNOWN_WORDS_KEPT + 10];
    char b[sizeof a];
    for (size_t count = MGI_UNKNOWN_WORDS_KEPT - 1; count < sizeof a; count++) {
        memset(a, 'a', count);
        memset(b, 'a', count);
        a[count] = b[count] = '\0';
        assert_false(differ(a, b));
        b[count - 1] = 'b';
        assert_true(differ(a, b));
        a[count - 1] = 'c';
        assert_true(differ(a, b));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_words_in_the_same_order_are_alike),
        cmocka_unit_test(another_word_is_a_difference),
        cmocka_unit_test(another_order_is_a_difference),
        cmocka_unit_test(what_was_said_before_may_be_left_out),
        cmocka_unit_test(longer_words_are_compared_whole),
        cmocka_unit_test(many_words_are_compared_by_their_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
