/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer against what the reference made: strings, every code point, pairs, cases of others.
 */
#include "golden_file.h"
#include "text/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SETTINGS = 6, ENGLISH = 5, LONGEST = GOLDEN_IDS };

/* The columns of strings.tsv, in order: lower, cased, keep, whole, strip, en. */
static const mgi_tokenizer_options settings[SETTINGS] = {
    {.do_lower_case = true, .tokenize_chinese_chars = true},
    {.do_lower_case = false, .tokenize_chinese_chars = true},
    {.do_lower_case = true,
     .tokenize_chinese_chars = true,
     .strip_accents = MGI_TOKENIZER_STRIP_NO},
    {.do_lower_case = true, .tokenize_chinese_chars = false},
    {.do_lower_case = false,
     .tokenize_chinese_chars = true,
     .strip_accents = MGI_TOKENIZER_STRIP_YES},
    {.do_lower_case = true, .tokenize_chinese_chars = true},
};

static mgi_tokenizer *tokenizers[SETTINGS];
static mgi_tokenizer *halving;
static mgi_tokenizer_scratch *scratch;
static int32_t ids[LONGEST];
static uint8_t types[LONGEST];
static uint32_t length;

static mgi_tokenizer *make(const mgi_tokenizer_options *options, const char *vocab_name) {
    size_t bytes;
    char *vocab = golden_read(vocab_name, &bytes);
    mgi_tokenizer *tokenizer = NULL;
    mgeo_error error;
    if (mgi_tokenizer_create(options, vocab, bytes, vocab_name, &tokenizer, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    free(vocab);
    return tokenizer;
}

static int set_up(void **state) {
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        tokenizers[i] = make(&settings[i], i == ENGLISH ? "vocab_en.txt" : "vocab_zh.txt");
    }
    mgi_tokenizer_options options = settings[0];
    options.halve_budget = true;
    halving = make(&options, "vocab_zh.txt");
    scratch = mgi_tokenizer_scratch_create(LONGEST);
    return scratch == NULL;
}

static int tear_down(void **state) {
    (void)state;
    for (int i = 0; i < SETTINGS; i++) mgi_tokenizer_destroy(tokenizers[i]);
    mgi_tokenizer_destroy(halving);
    mgi_tokenizer_scratch_destroy(scratch);
    return 0;
}

/* [UNK] is flagged. The other way round, a flag may be of what became no token at all. */
static void check_flags(uint32_t flags, uint32_t expected) {
    enum { UNK = 100 };
    bool unknown = false;
    for (uint32_t i = 0; i < length; i++) unknown = unknown || ids[i] == UNK;
    if (unknown) assert_true((flags & MGEO_ROW_UNKNOWN_CHARACTERS) != 0);
    assert_int_equal(flags & ~(MGEO_ROW_UNKNOWN_CHARACTERS | MGEO_ROW_UNKNOWN_DIFFER), expected);
}

/* Encodes text as the first side and returns how many tokens it has; they begin at ids[1]. */
static size_t encode_one(const mgi_tokenizer *tokenizer, const char *text, size_t bytes) {
    mgeo_pair pair = {text, bytes, "1", 1};
    uint32_t flags = mgi_tokenizer_encode(tokenizer, &pair, scratch, ids, types, &length);
    if (flags & MGEO_ROW_EMPTY) return 0;
    check_flags(flags, 0);
    return length - 4;
}

static void check_ids(const char *file, size_t line, int column, const int32_t *got,
                      size_t got_count, const char *expected) {
    static int32_t wanted[GOLDEN_IDS];
    size_t count = golden_ids(expected, wanted);
    if (count == got_count && memcmp(wanted, got, count * sizeof *got) == 0) return;
    print_error("%s line %zu column %d: expected %s\ngot", file, line, column, expected);
    for (size_t i = 0; i < got_count; i++) print_error(" %d", got[i]);
    fail_msg("%s", " differs from the reference");
}

static void strings_are_as_the_reference(void **state) {
    (void)state;
    static char text[GOLDEN_TEXT];
    golden_file file;
    golden_open(&file, "strings.tsv");
    while (golden_next(&file)) {
        size_t bytes = golden_unescape(file.fields[0], text);
        for (int i = 0; i < SETTINGS; i++) {
            const char *expected = file.fields[1 + i];
            assert_non_null(expected);
            if (strcmp(expected, "-") == 0) continue;
            if (strcmp(expected, "=") == 0) expected = file.fields[1];
            size_t count = encode_one(tokenizers[i], text, bytes);
            check_ids("strings.tsv", file.line, i, ids + 1, count, expected);
        }
    }
    assert_true(file.line >= 10000);
    golden_close(&file);
}

/* ---- Every code point ------------------------------------------------------------------------ */

enum { CODE_POINTS = 0x110000, BLOCK = 1024 };

static unsigned char skipped[CODE_POINTS];

static size_t put_code_point(uint32_t c, char *to) {
    char escaped[16];
    snprintf(escaped, sizeof escaped, "\\{%X}", (unsigned)c);
    return golden_unescape(escaped, to);
}

static uint64_t hash_id(uint64_t state, uint32_t id) { return (state ^ id) * 0x100000001B3u; }

static uint64_t hash_block(const mgi_tokenizer *tokenizer, uint32_t block) {
    uint64_t state = 0xCBF29CE484222325u;
    for (uint32_t c = block; c < block + BLOCK; c++) {
        if (skipped[c]) continue;
        static char text[GOLDEN_TEXT];
        text[0] = 'a';
        size_t bytes = 1 + put_code_point(c, text + 1);
        text[bytes++] = 'b';
        size_t count = encode_one(tokenizer, text, bytes);
        for (size_t i = 0; i < count; i++) state = hash_id(state, (uint32_t)ids[1 + i]);
        state = hash_id(state, UINT32_MAX);
    }
    return state;
}

static void skip_range(const char *first, const char *last) {
    unsigned long from = strtoul(first, NULL, 16);
    unsigned long to = strtoul(last, NULL, 16);
    assert_true(from <= to && to < CODE_POINTS);
    memset(skipped + from, 1, to - from + 1);
}

static void every_code_point_is_as_the_reference(void **state) {
    (void)state;
    golden_file file;
    golden_open(&file, "codepoints.tsv");
    memset(skipped + 0xD800, 1, 0xE000 - 0xD800);
    size_t blocks = 0;
    while (golden_next(&file)) {
        if (strcmp(file.fields[0], "skip") == 0) {
            skip_range(file.fields[1], file.fields[2]);
            continue;
        }
        uint32_t block = (uint32_t)strtoul(file.fields[0], NULL, 16);
        for (int i = 0; i < 3; i++) {
            uint64_t expected = strtoull(file.fields[1 + i], NULL, 16);
            if (hash_block(tokenizers[i], block) != expected) {
                fail_msg("block U+%X, setting %d: differs from the reference", (unsigned)block, i);
            }
        }
        blocks++;
    }
    assert_true(blocks > 100);
    golden_close(&file);
}

/* ---- Pairs ----------------------------------------------------------------------------------- */

static void check_pair(const mgi_tokenizer *tokenizer, const mgeo_pair *pair, uint32_t limit,
                       bool cut, size_t line, const char *expected) {
    mgi_tokenizer_scratch *small = mgi_tokenizer_scratch_create(limit);
    assert_non_null(small);
    uint32_t flags = mgi_tokenizer_encode(tokenizer, pair, small, ids, types, &length);
    mgi_tokenizer_scratch_destroy(small);
    check_flags(flags, cut ? MGEO_ROW_TRUNCATED : 0);
    assert_true(length <= limit);
    check_ids("pairs.tsv", line, (int)limit, ids, length, expected);
    uint8_t type = 0;
    for (uint32_t i = 0; i < length; i++) {
        assert_int_equal(types[i], type);
        if (ids[i] == 102) type = 1; /* [SEP] */
    }
}

static void pairs_are_cut_as_the_reference_cuts(void **state) {
    (void)state;
    static char a[GOLDEN_TEXT];
    static char b[GOLDEN_TEXT];
    golden_file file;
    golden_open(&file, "pairs.tsv");
    while (golden_next(&file)) {
        uint32_t limit = (uint32_t)strtoul(file.fields[0], NULL, 10);
        bool cut = file.fields[1][0] == '1';
        mgeo_pair pair = {a, golden_unescape(file.fields[2], a), b,
                          golden_unescape(file.fields[3], b)};
        const char *slow = file.fields[4];
        const char *fast = strcmp(file.fields[5], "=") == 0 ? slow : file.fields[5];
        check_pair(tokenizers[0], &pair, limit, cut, file.line, slow);
        check_pair(halving, &pair, limit, cut, file.line, fast);
    }
    assert_true(file.line >= 1000);
    golden_close(&file);
}

static int setting_named(const char *name) {
    if (strcmp(name, "en") == 0) return ENGLISH;
    return strcmp(name, "cased") == 0 ? 1 : 0;
}

static void conformance_cases_pass(void **state) {
    (void)state;
    static char a[GOLDEN_TEXT];
    static char b[GOLDEN_TEXT];
    golden_file file;
    golden_open(&file, "conformance.tsv");
    while (golden_next(&file)) {
        int setting = setting_named(file.fields[0]);
        bool alone = file.fields[3][0] == '\0';
        mgeo_pair pair = {a, golden_unescape(file.fields[2], a), b,
                          golden_unescape(alone ? "1" : file.fields[3], b)};
        uint32_t flags =
            mgi_tokenizer_encode(tokenizers[setting], &pair, scratch, ids, types, &length);
        if (flags & MGEO_ROW_EMPTY) { /* where the reference has nothing but specials */
            assert_string_equal(file.fields[4], "101 102");
            continue;
        }
        if (setting != ENGLISH) check_flags(flags, 0);
        check_ids(file.fields[1], file.line, setting, ids, alone ? length - 2 : length,
                  file.fields[4]);
    }
    assert_int_equal(file.line, 56);
    golden_close(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_as_the_reference),
        cmocka_unit_test(every_code_point_is_as_the_reference),
        cmocka_unit_test(pairs_are_cut_as_the_reference_cuts),
        cmocka_unit_test(conformance_cases_pass),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
