/* SPDX-License-Identifier: Apache-2.0 */
/* Greedy longest match. */
#include "text/normalizer.h"
#include "text/wordpiece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The vocabulary of the reference's own test (huggingface/transformers, Apache-2.0). */
static const char vocabulary[] =
    "[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\nwant\n##want\n##ed\nwa\nun\nrunn\n"
    "##ing\n,\nlow\nlowest\nx\n##x\n\U00020000";
enum { UNK = 0, WANT = 5, INSIDE_WANT = 6, ED = 7, UN = 9, RUNN = 10, ING = 11, X = 15 };

static mgi_vocab *vocab;

static int set_up(void **state) {
    (void)state;
    return mgi_vocab_create(vocabulary, strlen(vocabulary), "vocab", &vocab, NULL) != MGEO_OK;
}

static int tear_down(void **state) {
    (void)state;
    mgi_vocab_destroy(vocab);
    return 0;
}

static void piece(const char *word, mgi_wordpiece_tokens *tokens) {
    int32_t characters[200];
    size_t count = strlen(word);
    assert_true(count <= 200);
    for (size_t i = 0; i < count; i++) characters[i] = (unsigned char)word[i];
    mgi_wordpiece(vocab, characters, count, tokens);
}

static void words_fall_into_their_longest_pieces(void **state) {
    (void)state;
    int32_t ids[8];
    mgi_wordpiece_tokens tokens = {ids, 8, 0};
    piece("unwanted", &tokens);
    piece("running", &tokens);
    static const int32_t expected[] = {UN, INSIDE_WANT, ED, RUNN, ING};
    assert_int_equal(tokens.count, 5);
    assert_memory_equal(ids, expected, sizeof expected);
}

static void a_word_with_a_loose_end_is_unknown_whole(void **state) {
    (void)state;
    int32_t ids[8];
    mgi_wordpiece_tokens tokens = {ids, 8, 0};
    piece("unwantedX", &tokens);
    piece("running", &tokens);
    piece("lowes", &tokens); /* the path of "lowest" goes on, but nothing ends on it */
    piece("z", &tokens);
    static const int32_t expected[] = {UNK, RUNN, ING, UNK, UNK};
    assert_int_equal(tokens.count, 5);
    assert_memory_equal(ids, expected, sizeof expected);
}

static void a_character_beyond_the_basic_plane_is_found(void **state) {
    (void)state;
    int32_t ids[2];
    mgi_wordpiece_tokens tokens = {ids, 2, 0};
    int32_t characters[] = {0x20000, 0x20001};
    mgi_wordpiece(vocab, characters, 1, &tokens);
    mgi_wordpiece(vocab, characters + 1, 1, &tokens);
    assert_int_equal(tokens.count, 2);
    assert_int_equal(ids[0], 17);
    assert_int_equal(ids[1], UNK);
}

static void a_hundred_characters_are_the_most(void **state) {
    (void)state;
    char word[MGI_NORMALIZER_MAX_WORD + 2];
    memset(word, 'x', sizeof word);
    int32_t ids[200];
    mgi_wordpiece_tokens tokens = {ids, 200, 0};
    word[MGI_NORMALIZER_MAX_WORD] = '\0';
    piece(word, &tokens);
    assert_int_equal(tokens.count, MGI_NORMALIZER_MAX_WORD);
    assert_int_equal(ids[0], X);
    assert_int_equal(ids[99], X + 1);
    word[MGI_NORMALIZER_MAX_WORD] = 'x';
    word[MGI_NORMALIZER_MAX_WORD + 1] = '\0';
    piece(word, &tokens);
    assert_int_equal(tokens.count, MGI_NORMALIZER_MAX_WORD + 1);
    assert_int_equal(ids[100], UNK);
}

static void tokens_beyond_the_capacity_are_counted_only(void **state) {
    (void)state;
    int32_t ids[3] = {-7, -7, -7};
    mgi_wordpiece_tokens tokens = {ids, 2, 0};
    piece("unwanted", &tokens);
    piece("xq", &tokens);
    assert_int_equal(tokens.count, 4);
    assert_int_equal(ids[0], UN);
    assert_int_equal(ids[1], INSIDE_WANT);
    assert_int_equal(ids[2], -7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_fall_into_their_longest_pieces),
        cmocka_unit_test(a_word_with_a_loose_end_is_unknown_whole),
        cmocka_unit_test(a_character_beyond_the_basic_plane_is_found),
        cmocka_unit_test(a_hundred_characters_are_the_most),
        cmocka_unit_test(tokens_beyond_the_capacity_are_counted_only),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
