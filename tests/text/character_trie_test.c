/* SPDX-License-Identifier: Apache-2.0 */
/* The longest match, against a plain search through the same texts. */
#include "text/character_trie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { A = 'a', B = 'b', C = 'c' };

static size_t match(const mgi_character_trie *trie, const char *text, int32_t *value) {
    int32_t characters[64];
    size_t count = strlen(text);
    for (size_t i = 0; i < count; i++) characters[i] = (unsigned char)text[i];
    *value = -7;
    size_t bytes = mgi_character_trie_match_utf8(trie, (const unsigned char *)text,
                                                 (const unsigned char *)text + count, value);
    assert_int_equal(mgi_character_trie_match(trie, characters, count, value), bytes);
    return bytes;
}

static void the_longest_text_is_found(void **state) {
    (void)state;
    mgi_character_trie trie;
    int32_t value;
    assert_true(mgi_character_trie_init(&trie, 6));
    mgi_character_trie_put(&trie, (const int32_t[]){A}, 1, 1);
    mgi_character_trie_put(&trie, (const int32_t[]){A, B, C}, 3, 2);
    mgi_character_trie_put(&trie, (const int32_t[]){B, C}, 2, 3);
    assert_int_equal(trie.longest, 3);
    assert_int_equal(match(&trie, "abcd", &value), 3);
    assert_int_equal(value, 2);
    assert_int_equal(match(&trie, "abd", &value), 1); /* the way of "abc" leads nowhere */
    assert_int_equal(value, 1);
    assert_int_equal(match(&trie, "bc", &value), 2);
    assert_int_equal(value, 3);
    assert_int_equal(match(&trie, "b", &value), 0);
    assert_int_equal(match(&trie, "ca", &value), 0);
    assert_int_equal(match(&trie, "", &value), 0);
    assert_int_equal(value, -7);
    mgi_character_trie_finish(&trie);
}

static void of_equal_texts_the_first_stays(void **state) {
    (void)state;
    mgi_character_trie trie;
    int32_t value;
    assert_true(mgi_character_trie_init(&trie, 2));
    mgi_character_trie_put(&trie, (const int32_t[]){A}, 1, 5);
    mgi_character_trie_put(&trie, (const int32_t[]){A}, 1, 6);
    assert_int_equal(match(&trie, "a", &value), 1);
    assert_int_equal(value, 5);
    mgi_character_trie_finish(&trie);
}

static void a_trie_without_texts_finds_nothing(void **state) {
    (void)state;
    mgi_character_trie trie;
    int32_t value;
    assert_true(mgi_character_trie_init(&trie, 0));
    assert_int_equal(match(&trie, "abc", &value), 0);
    assert_int_equal(trie.longest, 0);
    mgi_character_trie_finish(&trie);
    mgi_character_trie_finish(&trie);
}

static void utf8_is_matched_by_its_bytes_and_no_further_than_it_is_valid(void **state) {
    (void)state;
    static const unsigned char text[] = "\xE6\x9D\xAD\xF0\xA0\x80\x80x";
    mgi_character_trie trie;
    int32_t value;
    assert_true(mgi_character_trie_init(&trie, 3));
    mgi_character_trie_put(&trie, (const int32_t[]){0x676D}, 1, 1);
    mgi_character_trie_put(&trie, (const int32_t[]){0x676D, 0x20000}, 2, 2);
    assert_int_equal(mgi_character_trie_match_utf8(&trie, text, text + 8, &value), 7);
    assert_int_equal(value, 2);
    assert_int_equal(mgi_character_trie_match_utf8(&trie, text, text + 6, &value), 3);
    assert_int_equal(value, 1);
    assert_int_equal(mgi_character_trie_match_utf8(&trie, text, text + 2, &value), 0);
    assert_int_equal(mgi_character_trie_match_utf8(&trie, text + 1, text + 8, &value), 0);
    mgi_character_trie_finish(&trie);
}

/* Texts of three letters of an alphabet that grows the table to its limit, found by hand too. */
static void a_full_trie_finds_what_a_search_finds(void **state) {
    (void)state;
    enum { TEXTS = 400 };
    static int32_t texts[TEXTS][3];
    mgi_character_trie trie;
    uint32_t random = 1;
    assert_true(mgi_character_trie_init(&trie, TEXTS * 3));
    for (int i = 0; i < TEXTS; i++) {
        for (int j = 0; j < 3; j++) {
            random = random * 1664525u + 1013904223u;
            texts[i][j] = 0x4E00 + (int32_t)(random >> 16) % 40;
        }
        mgi_character_trie_put(&trie, texts[i], 1 + (size_t)i % 3, i);
    }
    for (int i = 0; i < TEXTS; i++) {
        size_t longest = 0;
        int32_t value = -1, first = -1;
        for (int j = 0; j < TEXTS; j++) {
            size_t length = 1 + (size_t)j % 3;
            if (length <= longest || memcmp(texts[i], texts[j], length * 4) != 0) continue;
            longest = length;
            first = j;
        }
        assert_int_equal(mgi_character_trie_match(&trie, texts[i], 3, &value), longest);
        assert_int_equal(value, first);
    }
    mgi_character_trie_finish(&trie);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_text_is_found),
        cmocka_unit_test(of_equal_texts_the_first_stays),
        cmocka_unit_test(a_trie_without_texts_finds_nothing),
        cmocka_unit_test(utf8_is_matched_by_its_bytes_and_no_further_than_it_is_valid),
        cmocka_unit_test(a_full_trie_finds_what_a_search_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
