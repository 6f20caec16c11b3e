/* SPDX-License-Identifier: Apache-2.0 */
/* Which added tokens are found in a text, and the words that stay between them. */
#include "text/added_tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What a text was split into: "word word <7> word". */
struct heard {
    char text[1024];
    size_t length;
};

static void hear(struct heard *heard, const char *what) {
    int added = snprintf(heard->text + heard->length, sizeof heard->text - heard->length, "%s%s",
                         heard->length > 0 ? " " : "", what);
    heard->length += (size_t)added;
}

static void hear_word(void *user, const int32_t *characters, size_t count) {
    char word[128] = "";
    size_t length = 0;
    for (size_t i = 0; i < count && length < 120; i++) {
        int32_t c = characters[i];
        if (c < 0x80) {
            word[length++] = (char)c;
        } else if (c < 0x800) {
            length += (size_t)sprintf(word + length, "%c%c", 0xC0 | c >> 6, 0x80 | (c & 63));
        } else {
            length += (size_t)sprintf(word + length, "%c%c%c", 0xE0 | c >> 12, 0x80 | (c >> 6 & 63),
                                      0x80 | (c & 63));
        }
    }
    hear(user, word);
}

static void hear_token(void *user, int32_t id) {
    char token[16];
    snprintf(token, sizeof token, "<%d>", id);
    hear(user, token);
}

static const mgi_normalizer *normalizer;

static int set_up(void **state) {
    (void)state;
    const mgi_normalizer_rules rules = {true, true, true, true};
    normalizer = mgi_normalizer_create(&rules);
    return normalizer == NULL ? -1 : 0;
}

static int tear_down(void **state) {
    (void)state;
    mgi_normalizer_destroy((mgi_normalizer *)normalizer);
    return 0;
}

static void check(const mgi_added_token *tokens, size_t count, const char *text,
                  const char *expected) {
    mgi_added_tokens *added;
    mgeo_error error;
    struct heard heard = {.length = 0};
    const mgi_normalizer_receiver receiver = {hear_word, NULL, &heard};
    assert_int_equal(mgi_added_tokens_create(tokens, count, normalizer, "json", &added, &error),
                     MGEO_OK);
    assert_non_null(added);
    assert_true(mgi_added_tokens_bytes(added) > 0);
    assert_true(mgi_added_tokens_split(added, text, strlen(text), &receiver, hear_token));
    assert_string_equal(heard.text, expected);
    mgi_added_tokens_destroy(added);
}

static void a_written_token_is_found_inside_words(void **state) {
    (void)state;
    const mgi_added_token tokens[] = {{.text = "[X]", .id = 7}, {.text = "[X]Y", .id = 8}};
    check(tokens, 2, "Ab[X]Cd 杭州[X]", "ab <7> cd 杭 州 <7>");
    check(tokens, 2, "a[X]Yb[x]", "a <8> b [ x ]"); /* the longest; and only as it is written */
    check(tokens, 1, "[X][X", "<7> [ x");
    check(tokens, 1, "", "");
}

static void a_normalised_token_is_found_in_the_normalised_text(void **state) {
    (void)state;
    const mgi_added_token tokens[] = {{.text = "Café", .id = 7, .normalized = true},
                                      {.text = "路", .id = 8, .normalized = true}};
    check(tokens, 1, "CAFE café x", "<7> <7> x");
    check(tokens, 1, "xcafey", "x <7> y");
    check(tokens, 2, "文路口", "文 <8> 口");
}

static void a_single_word_touches_no_letter(void **state) {
    (void)state;
    const mgi_added_token written[] = {{.text = "ab", .id = 7, .single_word = true}};
    const mgi_added_token normalized[] = {
        {.text = "ab", .id = 7, .single_word = true, .normalized = true}};
    check(written, 1, "ab,ab xab abx ab_ ab", "<7> , <7> xab abx ab _ <7>");
    check(normalized, 1, "AB,ab xab abx ab", "<7> , <7> xab abx <7>");
}

static void blanks_are_taken_on_the_sides_that_it_strips(void **state) {
    (void)state;
    const mgi_added_token outer[] = {{.text = "[X]", .id = 7, .strips_left = true},
                                     {.text = "  b", .id = 8}};
    check(outer, 2, "a \t\xE3\x80\x80[X]  b", "a <7> <8>");
    const mgi_added_token right[] = {{.text = "[X]", .id = 7, .strips_right = true},
                                     {.text = "  b", .id = 8}};
    check(right, 2, "a[X] \t c", "a <7> c");
    check(right, 2, "a[X]  b", "a <7> <8>"); /* as the tokenizers library has it: found before */
}

static void a_token_that_is_text_stays_text(void **state) {
    (void)state;
    const mgi_added_token tokens[] = {{.text = "[SEP]", .id = 7, .is_text = true},
                                      {.text = "SE", .id = 8}};
    check(tokens, 2, "[SEP] SE", "[ sep ] <8>");
}

static void where_nothing_is_to_be_found_there_is_nothing(void **state) {
    (void)state;
    mgi_added_tokens *added = (mgi_added_tokens *)&added;
    mgeo_error error;
    const mgi_added_token tokens[] = {{.text = "[SEP]", .id = 7, .is_text = true}};
    assert_int_equal(mgi_added_tokens_create(tokens, 1, normalizer, "json", &added, &error),
                     MGEO_OK);
    assert_null(added);
    assert_int_equal(mgi_added_tokens_bytes(NULL), 0);
    mgi_added_tokens_destroy(NULL);
}

static void a_token_that_cannot_be_looked_for_is_refused(void **state) {
    (void)state;
    char longest[MGI_ADDED_TOKEN_CHARACTERS + 2];
    memset(longest, 'x', sizeof longest);
    longest[MGI_ADDED_TOKEN_CHARACTERS] = '\0';
    mgi_added_tokens *added;
    mgeo_error error;
    mgi_added_token token = {.text = longest, .id = 7};
    check(&token, 1, longest, "<7>");
    longest[MGI_ADDED_TOKEN_CHARACTERS] = 'x';
    longest[MGI_ADDED_TOKEN_CHARACTERS + 1] = '\0';
    assert_int_equal(mgi_added_tokens_create(&token, 1, normalizer, "the.json", &added, &error),
                     MGEO_E_UNSUPPORTED);
    assert_non_null(strstr(error.message, "the.json"));
    token = (mgi_added_token){.text = "\xCC\x81", .id = 7, .normalized = true}; /* an accent */
    assert_int_equal(mgi_added_tokens_create(&token, 1, normalizer, "the.json", &added, &error),
                     MGEO_E_UNSUPPORTED);
    assert_null(added);
}

static void a_text_that_is_not_utf8_is_told(void **state) {
    (void)state;
    const mgi_added_token token = {.text = "[X]", .id = 7};
    mgi_added_tokens *added;
    mgeo_error error;
    struct heard heard = {.length = 0};
    const mgi_normalizer_receiver receiver = {hear_word, NULL, &heard};
    assert_int_equal(mgi_added_tokens_create(&token, 1, normalizer, "json", &added, &error), 0);
    assert_false(mgi_added_tokens_split(added, "a[X]\xFF", 5, &receiver, hear_token));
    assert_false(mgi_added_tokens_split(added, "\xE6\x9D[X]", 5, &receiver, hear_token));
    mgi_added_tokens_destroy(added);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_written_token_is_found_inside_words),
        cmocka_unit_test(a_normalised_token_is_found_in_the_normalised_text),
        cmocka_unit_test(a_single_word_touches_no_letter),
        cmocka_unit_test(blanks_are_taken_on_the_sides_that_it_strips),
        cmocka_unit_test(a_token_that_is_text_stays_text),
        cmocka_unit_test(where_nothing_is_to_be_found_there_is_nothing),
        cmocka_unit_test(a_token_that_cannot_be_looked_for_is_refused),
        cmocka_unit_test(a_text_that_is_not_utf8_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
