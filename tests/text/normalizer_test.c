/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting into words: the reference's own cases, and texts made to break streaming. */
#include "text/normalizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const mgi_normalizer_rules lower = {true, true, true};
static const mgi_normalizer_rules keep = {true, false, true};
static const mgi_normalizer_rules cased = {false, false, true};
static const mgi_normalizer_rules strip = {false, true, true};

/* Words as they come, joined by '|'. */
typedef struct words {
    char text[4096];
    size_t bytes;
    size_t count;
    size_t longest;
} words;

static void put(words *to, char byte) {
    assert_true(to->bytes + 1 < sizeof to->text);
    to->text[to->bytes++] = byte;
}

static void put_character(words *to, int32_t c) {
    if (c < 0x80) {
        put(to, (char)c);
    } else if (c < 0x800) {
        put(to, (char)(0xC0 | c >> 6));
    } else if (c < 0x10000) {
        put(to, (char)(0xE0 | c >> 12));
        put(to, (char)(0x80 | (c >> 6 & 0x3F)));
    } else {
        put(to, (char)(0xF0 | c >> 18));
        put(to, (char)(0x80 | (c >> 12 & 0x3F)));
        put(to, (char)(0x80 | (c >> 6 & 0x3F)));
    }
    if (c >= 0x80) put(to, (char)(0x80 | (c & 0x3F)));
}

static void take_word(void *user, const int32_t *characters, size_t count) {
    words *to = user;
    assert_true(count >= 1 && count <= MGI_NORMALIZER_MAX_WORD + 1);
    if (to->count++ > 0) put(to, '|');
    for (size_t i = 0; i < count; i++) put_character(to, characters[i]);
    if (count > to->longest) to->longest = count;
}

static void take_lost(void *user, int32_t character) {
    words *to = user;
    put(to, '<');
    put_character(to, character);
    put(to, '>');
}

static bool split(const mgi_normalizer_rules *rules, const char *text, size_t bytes, words *to) {
    memset(to, 0, sizeof *to);
    mgi_normalizer *normalizer = mgi_normalizer_create(rules);
    assert_non_null(normalizer);
    const mgi_normalizer_receiver receiver = {.word = take_word, .lost = take_lost, .user = to};
    bool valid = mgi_normalizer_split(normalizer, text, bytes, &receiver);
    mgi_normalizer_destroy(normalizer);
    return valid;
}

static void check(const mgi_normalizer_rules *rules, const char *text, const char *expected) {
    words got;
    assert_true(split(rules, text, strlen(text), &got));
    assert_string_equal(got.text, expected);
}

/* huggingface/transformers, tests/models/bert/test_tokenization_bert.py (Apache-2.0). */
static void the_references_own_cases_pass(void **state) {
    (void)state;
    check(&lower, "ah\u535A\u63A8zz", "ah|\u535A|\u63A8|zz");
    check(&lower, " \tHeLLo!how  \n Are yoU?  ", "hello|!|how|are|you|?");
    check(&lower, "H\u00E9llo", "hello");
    check(&keep, " \tH\u00E4LLo!how  \n Are yoU?  ", "h\u00E4llo|!|how|are|you|?");
    check(&keep, "H\u00E9llo", "h\u00E9llo");
    check(&lower, " \tH\u00E4LLo!how  \n Are yoU?  ", "hallo|!|how|are|you|?");
    check(&cased, " \tHeLLo!how  \n Are yoU?  ", "HeLLo|!|how|Are|yoU|?");
    check(&strip, " \tH\u00E4LLo!how  \n Are yoU?  ", "HaLLo|!|how|Are|yoU|?");
    check(&lower, "a\n'll !!to?'d of, can't.", "a|'|ll|!|!|to|?|'|d|of|,|can|'|t|.");
    check(&lower, "\u200E\u200F", "");
    check(&lower, "\u00ad", "");
}

static void case_is_folded_as_python_folds_single_characters(void **state) {
    (void)state;
    check(&keep, "\u0130X", "i\u0307x");
    check(&lower, "\u0130X", "ix");
    check(&keep, "\u039F\u03A3", "\u03BF\u03C3"); /* no final sigma: characters go one by one */
    check(&keep, "\u212B", "\u00E5");             /* Angstrom sign */
    check(&keep, "\uFF21\uFF11", "\uFF41\uFF11"); /* full-width stays full-width */
}

static void marks_compose_across_what_is_dropped(void **state) {
    (void)state;
    check(&cased, "e\u0301", "\u00E9");
    check(&cased, "e\u200D\u0301", "\u00E9");
    check(&cased, "e \u0301", "e|\u0301");
    check(&cased, "\u1112\u1161\u11AB", "\uD55C");
    check(&lower, "\uD55C", "\u1112\u1161\u11AB");
    check(&cased, "a\u0323\u0307", "\u1EA1\u0307");
    check(&cased, "a\u0307\u0323", "\u1EA1\u0307"); /* put in canonical order first */
    check(&cased, "<\u0338<", "\u226E|<");
    check(&cased, "\u8DEF\u0301x", "\u8DEF|\u0301x"); /* a space stands behind the ideograph */
    check(&cased, "\uF9D1", "\u516D");
}

static void line_separators_are_spaces(void **state) {
    (void)state;
    check(&lower, "a\u2028b\u2029c\u3000d\u00A0e", "a|b|c|d|e");
    check(&lower, "a\x0b\x0c\x1c\xC2\x85z", "az");
    words got;
    assert_true(split(&lower, "a\0b", 3, &got));
    assert_string_equal(got.text, "ab");
}

/* Told in angle brackets, before the word that they stood in. */
static void characters_that_stood_for_something_are_told(void **state) {
    (void)state;
    check(&lower, "a\uE000b", "<\uE000>ab");
    check(&lower, "\u8DEF\uFFFD\u8DEF", "\u8DEF<\uFFFD>|\u8DEF");
    check(&lower, "\xC2\x80\xC2\x9F", "<\xC2\x80><\xC2\x9F>");
    check(&lower, "\u0378 \U0010FFFD", "<\u0378><\U0010FFFD>");
    check(&lower, "\u200D\uFE0F\x7F\u00AD", "");
}

static void nothing_is_legal(void **state) {
    (void)state;
    words got;
    assert_true(split(&lower, NULL, 0, &got));
    assert_true(split(&lower, "", 0, &got));
    assert_int_equal(got.count, 0);
}

/* A text of `count` times `piece`, with tails. */
static char *repeat(const char *head, const char *piece, size_t count, const char *tail,
                    size_t *bytes) {
    *bytes = strlen(head) + strlen(piece) * count + strlen(tail);
    char *text = malloc(*bytes + 1);
    assert_non_null(text);
    memcpy(text, head, strlen(head));
    char *at = text + strlen(head);
    for (size_t i = 0; i < count; i++, at += strlen(piece)) memcpy(at, piece, strlen(piece));
    memcpy(at, tail, strlen(tail) + 1);
    return text;
}

static void check_many(const mgi_normalizer_rules *rules, const char *head, const char *piece,
                       const char *tail, size_t words_expected, size_t longest) {
    size_t bytes;
    char *text = repeat(head, piece, 300000, tail, &bytes);
    static words got;
    assert_true(split(rules, text, bytes, &got));
    free(text);
    assert_int_equal(got.count, words_expected);
    assert_int_equal(got.longest, longest);
}

static void endless_words_take_no_memory(void **state) {
    (void)state;
    check_many(&lower, "", "a", "", 1, MGI_NORMALIZER_MAX_WORD + 1);
    check_many(&cased, "a", "\u0301", " b", 2, MGI_NORMALIZER_MAX_WORD + 1);
    check_many(&lower, "a", "\u0301", " b", 2, 1);
    check_many(&lower, "a", "\u302E", " b", 2, MGI_NORMALIZER_MAX_WORD + 1);
    check_many(&cased, "", "\u1161", "!", 2, MGI_NORMALIZER_MAX_WORD + 1);
    check_many(&cased, "<", "\u0301", "x", 2, MGI_NORMALIZER_MAX_WORD + 1);
    check_many(&cased, "<", "\u0301", "\u0338", 1,
               MGI_NORMALIZER_MAX_WORD + 1); /* joins over all */
    check_many(&lower, "x", "\u200B", "y", 1, 2);
}

/* Text that is not UTF-8. */
static const struct {
    const char *text;
    size_t bytes;
} invalid[] = {
    {"\x80", 1},             /* a tail alone */
    {"a\xC3", 2},            /* cut after the lead */
    {"\xE8\xB7", 2},         /* cut in a character */
    {"\xF0\x9F\x8F", 3},     /* the same, four bytes */
    {"\xC0\xAF", 2},         /* overlong */
    {"\xC1\xBF", 2},         /* overlong */
    {"\xE0\x80\xAF", 3},     /* overlong */
    {"\xE0\x9F\xBF", 3},     /* overlong */
    {"\xF0\x80\x80\xAF", 4}, /* overlong */
    {"\xF0\x8F\xBF\xBF", 4}, /* overlong */
    {"\xED\xA0\x80", 3},     /* surrogate */
    {"\xED\xBF\xBF", 3},     /* surrogate */
    {"\xF4\x90\x80\x80", 4}, /* above U+10FFFF */
    {"\xF5\x80\x80\x80", 4},
    {"\xFF", 1},
    {"\xFE", 1},
    {"\xE8\xB7\x41", 3},
    {"\xC3\x28", 2},
    {"ab\xFF cd", 6},
    {"\xE8\x41\xAF", 3},
    {"\xF1\x80\x80\x41", 4},
};

static void what_is_not_utf8_is_refused(void **state) {
    (void)state;
    words got;
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        if (split(&lower, invalid[i].text, invalid[i].bytes, &got)) fail_msg("case %zu", i);
    }
    assert_true(split(&lower, "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\xC2\x80", 12, &got));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_references_own_cases_pass),
        cmocka_unit_test(case_is_folded_as_python_folds_single_characters),
        cmocka_unit_test(marks_compose_across_what_is_dropped),
        cmocka_unit_test(line_separators_are_spaces),
        cmocka_unit_test(characters_that_stood_for_something_are_told),
        cmocka_unit_test(nothing_is_legal),
        cmocka_unit_test(endless_words_take_no_memory),
        cmocka_unit_test(what_is_not_utf8_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
