/* SPDX-License-Identifier: Apache-2.0 */
/* Vocabularies: what is read, and what is refused with which line. */
#include "core/alloc.h"
#include "text/vocab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SPECIALS "[UNK]\n[CLS]\n[SEP]\n"

static mgi_vocab *read(const char *text) {
    mgi_vocab *vocab = NULL;
    mgeo_error error;
    if (mgi_vocab_create(text, strlen(text), "vocab.txt", &vocab, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return vocab;
}

static void refuse(const void *text, size_t bytes, const char *first, const char *second) {
    mgi_vocab *vocab = NULL;
    mgeo_error error = {0};
    assert_int_equal(mgi_vocab_create(text, bytes, "m/vocab.txt", &vocab, &error), MGEO_E_FORMAT);
    assert_null(vocab);
    assert_int_equal(error.status, MGEO_E_FORMAT);
    if (strstr(error.message, "m/vocab.txt") == NULL || strstr(error.message, first) == NULL ||
        strstr(error.message, second) == NULL) {
        fail_msg("unexpected message: %s", error.message);
    }
}

static int32_t id_of(const mgi_vocab *vocab, uint32_t root, const char *ascii) {
    uint32_t node = root;
    int32_t id = -1;
    for (; *ascii != '\0'; ascii++) {
        uint32_t slot = mgi_vocab_slot(vocab, node, (unsigned char)*ascii);
        if (vocab->steps[slot].parent == MGI_VOCAB_NONE) return -1;
        id = vocab->steps[slot].id;
        node = mgi_vocab_node(slot);
    }
    return id;
}

static void ids_are_line_numbers(void **state) {
    (void)state;
    mgi_vocab *vocab = read(SPECIALS "a\n##a\nab\n##\n#\n\u8DEF");
    assert_int_equal(vocab->count, 9);
    assert_int_equal(vocab->unk, 0);
    assert_int_equal(vocab->cls, 1);
    assert_int_equal(vocab->sep, 2);
    assert_int_equal(id_of(vocab, MGI_VOCAB_WORD, "a"), 3);
    assert_int_equal(id_of(vocab, MGI_VOCAB_INSIDE, "a"), 4);
    assert_int_equal(id_of(vocab, MGI_VOCAB_WORD, "ab"), 5);
    assert_int_equal(id_of(vocab, MGI_VOCAB_INSIDE, "ab"), -1);
    assert_int_equal(id_of(vocab, MGI_VOCAB_WORD, "#"), 7);
    assert_int_equal(vocab->single[0x8DEF], 8);
    assert_int_equal(vocab->single['a'], 3);
    assert_int_equal(vocab->single['b'], 0);
    mgi_vocab_destroy(vocab);
}

static void line_ends_of_windows_and_a_mark_at_the_start_are_fine(void **state) {
    (void)state;
    mgi_vocab *vocab = read("\xEF\xBB\xBF[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\n");
    assert_int_equal(vocab->count, 4);
    assert_int_equal(vocab->unk, 0);
    assert_int_equal(id_of(vocab, MGI_VOCAB_WORD, "a"), 3);
    mgi_vocab_destroy(vocab);
}

static void empty_lines_keep_the_count(void **state) {
    (void)state;
    mgi_vocab *vocab = read("\n\n" SPECIALS "\na\n\n");
    assert_int_equal(vocab->count, 8);
    assert_int_equal(vocab->unk, 2);
    assert_int_equal(id_of(vocab, MGI_VOCAB_WORD, "a"), 6);
    mgi_vocab_destroy(vocab);
}

static void bad_files_are_refused_by_line(void **state) {
    (void)state;
    refuse("", 0, "[CLS]", "0");
    refuse(NULL, 0, "[CLS]", "0");
    refuse("[UNK]\n[CLS]\na\n", 14, "[SEP]", "3");
    refuse("[CLS]\n[SEP]\na\n", 14, "[UNK]", "3");
    refuse(SPECIALS "x\ny\nx\n", 24, "line 6", "line 4");
    refuse(SPECIALS "##x\n##x", 25, "line 5", "line 4");
    refuse(SPECIALS "[CLS]\n", 24, "line 4", "line 2");
    refuse(SPECIALS "\xFF\n", 20, "line 4", "UTF-8");
    refuse(SPECIALS "ok\n\xED\xA0\x80\n", 25, "line 5", "UTF-8");
    refuse(SPECIALS "a\rb\n", 22, "line 4", "carriage return");
}

static void long_lines_and_files_are_refused(void **state) {
    (void)state;
    size_t bytes = 33u << 20;
    char *text = malloc(bytes);
    assert_non_null(text);
    memset(text, 'a', bytes);
    memcpy(text, SPECIALS, strlen(SPECIALS));
    refuse(text, strlen(SPECIALS) + 1024 + 1, "line 4", "1025 bytes");
    refuse(text, 1 << 20, "line 4", "too many");
    refuse(text, bytes, "too many", "vocabulary");
    free(text);
}

static void damage_to_a_real_file_never_crashes(void **state) {
    (void)state;
    static const char good[] = SPECIALS "\u8DEF\n##\u8DEF\n\U00020000\nabc\n##bc\n";
    for (size_t cut = 0; cut < sizeof good - 1; cut++) {
        mgi_vocab *vocab = NULL;
        mgeo_error error;
        if (mgi_vocab_create(good, cut, "v", &vocab, &error) != MGEO_OK) assert_null(vocab);
        mgi_vocab_destroy(vocab);
    }
}

static void no_memory_is_survived(void **state) {
    (void)state;
    mgi_vocab *vocab = NULL;
    mgeo_error error;
    mgi_alloc_fail_at(1);
    assert_int_equal(mgi_vocab_create(SPECIALS, strlen(SPECIALS), "v", &vocab, &error),
                     MGEO_E_MEMORY);
    mgi_alloc_fail_at(0);
    assert_null(vocab);
    assert_int_equal(error.status, MGEO_E_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_line_numbers),
        cmocka_unit_test(line_ends_of_windows_and_a_mark_at_the_start_are_fine),
        cmocka_unit_test(empty_lines_keep_the_count),
        cmocka_unit_test(bad_files_are_refused_by_line),
        cmocka_unit_test(long_lines_and_files_are_refused),
        cmocka_unit_test(damage_to_a_real_file_never_crashes),
        cmocka_unit_test(no_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
