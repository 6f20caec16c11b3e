/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs: cutting, flags, lengths, specials as text, failing memory, many threads. */
#include "core/alloc.h"
#include "golden_file.h"
#include "text/tokenizer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLS = 101, SEP = 102, LIMIT = 128 };

static const mgi_tokenizer_options usual = {.do_lower_case = true, .tokenize_chinese_chars = true};
static char *vocab;
static size_t vocab_bytes;

static mgi_tokenizer *make(const mgi_tokenizer_options *options) {
    mgi_tokenizer *tokenizer = NULL;
    mgeo_error error;
    if (mgi_tokenizer_create(options, vocab, vocab_bytes, "vocab_zh.txt", &tokenizer, &error) !=
        MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return tokenizer;
}

static mgi_tokenizer *tokenizer;

static int set_up(void **state) {
    (void)state;
    vocab = golden_read("vocab_zh.txt", &vocab_bytes);
    tokenizer = make(&usual);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    mgi_tokenizer_destroy(tokenizer);
    free(vocab);
    return 0;
}

typedef struct encoded {
    int32_t ids[LIMIT];
    uint8_t types[LIMIT];
    uint32_t length;
    uint32_t flags;
} encoded;

static encoded encode(const mgi_tokenizer *with, uint32_t limit, mgeo_pair pair) {
    encoded out;
    memset(&out, 0x55, sizeof out);
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(limit);
    assert_non_null(scratch);
    out.flags = mgi_tokenizer_encode(with, &pair, scratch, out.ids, out.types, &out.length);
    mgi_tokenizer_scratch_destroy(scratch);
    return out;
}

/* How many tokens each side has in an answer. */
static void sides(const encoded *out, size_t *a, size_t *b) {
    size_t at = 1;
    assert_int_equal(out->ids[0], CLS);
    while (out->ids[at] != SEP) at++;
    *a = at - 1;
    assert_int_equal(out->ids[out->length - 1], SEP);
    *b = out->length - at - 2;
}

/* Python's rule, one token at a time; and the Rust tokenizer's. */
static void cut_slow(size_t *a, size_t *b, size_t budget) {
    while (*a + *b > budget) --*(*a > *b ? a : b);
}

static void cut_fast(size_t *a, size_t *b, size_t budget) {
    if (*a + *b <= budget) return;
    size_t *shorter = *a > *b ? b : a;
    size_t *longer = *a > *b ? a : b;
    if (*shorter <= budget / 2) {
        *longer = budget - *shorter;
    } else {
        *shorter = budget / 2;
        *longer = budget / 2 + budget % 2;
    }
}

static void every_small_pair_is_cut_by_the_rule(void **state) {
    (void)state;
    mgi_tokenizer_options options = usual;
    options.halve_budget = true;
    mgi_tokenizer *halving = make(&options);
    char text[24];
    memset(text, '!', sizeof text);
    for (uint32_t limit = MGI_TOKENIZER_MIN_LENGTH; limit < 20; limit++) {
        for (size_t n = 1; n <= sizeof text * sizeof text; n++) {
            size_t a = (n - 1) / sizeof text + 1;
            size_t b = (n - 1) % sizeof text + 1;
            for (int fast = 0; fast < 2; fast++) {
                encoded out =
                    encode(fast ? halving : tokenizer, limit, (mgeo_pair){text, a, text, b});
                size_t want_a = a;
                size_t want_b = b;
                (fast ? cut_fast : cut_slow)(&want_a, &want_b, limit - 3);
                size_t got_a;
                size_t got_b;
                sides(&out, &got_a, &got_b);
                assert_int_equal(got_a, want_a);
                assert_int_equal(got_b, want_b);
                assert_int_equal(out.flags, a + b + 3 > limit ? MGEO_ROW_TRUNCATED : 0);
            }
        }
    }
    mgi_tokenizer_destroy(halving);
}

static void lengths_may_be_left_to_the_nul_byte(void **state) {
    (void)state;
    encoded whole = encode(tokenizer, LIMIT, (mgeo_pair){"路12", 5, "号", 3});
    encoded nul = encode(tokenizer, LIMIT,
                         (mgeo_pair){"路12", MGEO_NUL_TERMINATED, "号", MGEO_NUL_TERMINATED});
    encoded inside = encode(tokenizer, LIMIT, (mgeo_pair){"路1\0002", 6, "\0号", 4});
    assert_int_equal(whole.flags, 0);
    assert_int_equal(whole.length, 6);
    assert_int_equal(nul.length, whole.length);
    assert_memory_equal(nul.ids, whole.ids, whole.length * sizeof whole.ids[0]);
    assert_int_equal(inside.length, whole.length); /* a NUL byte inside is dropped like others */
    assert_memory_equal(inside.ids, whole.ids, whole.length * sizeof whole.ids[0]);
}

static void types_tell_the_sides_apart_unless_told_not_to(void **state) {
    (void)state;
    mgi_tokenizer_options options = usual;
    options.one_type = true;
    mgi_tokenizer *one = make(&options);
    encoded two_types = encode(tokenizer, LIMIT, (mgeo_pair){"路号", 6, "号", 3});
    encoded one_type = encode(one, LIMIT, (mgeo_pair){"路号", 6, "号", 3});
    static const uint8_t apart[] = {0, 0, 0, 0, 1, 1};
    static const uint8_t zeros[6] = {0};
    assert_int_equal(two_types.length, 6);
    assert_memory_equal(two_types.types, apart, 6);
    assert_memory_equal(one_type.types, zeros, 6);
    assert_int_equal(two_types.types[6], 0x55); /* nothing is written past the end */
    mgi_tokenizer_destroy(one);
}

static void a_special_tokens_name_is_text(void **state) {
    (void)state;
    static const char *const texts[] = {
        "路 [SEP] 号", "[SEP]", "[CLS]路", "[unused1] [PAD] [MASK]", "[sep]", "##[SEP]##"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        mgi_tokenizer_options cased = usual;
        cased.do_lower_case = i % 2 == 0;
        mgi_tokenizer *with = make(&cased);
        encoded out = encode(with, LIMIT, (mgeo_pair){texts[i], MGEO_NUL_TERMINATED, "号", 3});
        assert_int_equal(out.flags & MGEO_ROW_BAD, 0);
        assert_int_equal(out.ids[out.length - 3], SEP);
        for (uint32_t at = 1; at < out.length - 3; at++) {
            assert_true(out.ids[at] > 103 || out.ids[at] == 100); /* below: specials, unused */
        }
        mgi_tokenizer_destroy(with);
    }
}

static void rows_without_text_are_flagged(void **state) {
    (void)state;
    static const char *const nothing[] = {"",       " ",      "\t\r\n ",     "\x01\x02",
                                          "\u200B", "\u3000", "\u0301\u0302"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        size_t bytes = strlen(nothing[i]);
        encoded first = encode(tokenizer, LIMIT, (mgeo_pair){nothing[i], bytes, "号", 3});
        encoded second = encode(tokenizer, LIMIT, (mgeo_pair){"号", 3, nothing[i], bytes});
        assert_int_equal(first.flags, MGEO_ROW_EMPTY);
        assert_int_equal(second.flags, MGEO_ROW_EMPTY);
        assert_int_equal(first.length, 0);
        assert_int_equal(second.length, 0);
    }
    encoded private = encode(tokenizer, LIMIT, (mgeo_pair){"\uE000", 3, "\u53F7", 3});
    assert_int_equal(private.flags, MGEO_ROW_EMPTY | MGEO_ROW_UNKNOWN_CHARACTERS);
    assert_int_equal(private.length, 0);
    encoded beside = encode(tokenizer, LIMIT, (mgeo_pair){"\u785A", 3, "", 0});
    assert_int_equal(beside.flags, MGEO_ROW_EMPTY | MGEO_ROW_UNKNOWN_CHARACTERS);
    encoded none = encode(tokenizer, LIMIT, (mgeo_pair){NULL, 0, NULL, MGEO_NUL_TERMINATED});
    assert_int_equal(none.flags, MGEO_ROW_EMPTY);
}

/* Of the characters here vocab_zh.txt lacks \u785A, \u9097, \u700D and the quotes \u201C, \u201D.
 */
static const struct {
    const char *a, *b;
    bool unknown, differ;
} unseen_pairs[] = {
    {"\u91D1\u8DEF8\u53F7", "\u91D1\u8DEF9\u53F7", false, false},
    {"\u91D1\u785A\u8DEF", "\u91D1\u9097\u8DEF", true, true},
    {"\u91D1\u785A\u8DEF", "\u91D1\u785A\u8DEF", true, false},
    {"\u91D1\u785A\u8DEF", "\u91D1\u8DEF", true, true},
    {"\u91D1\u8DEF", "\u91D1\u785A\u8DEF", true, true},
    {"\u785A\u53E3\u533A\u785A\u53E3\u8DEF", "\u785A\u53E3\u8DEF", true, false},
    {"\u785A\u8DEF\u9097\u56ED", "\u9097\u8DEF\u785A\u56ED", true, true},
    {"\u91D1\u785A\u8DEF\u700D", "\u91D1\u785A\u8DEF\u9097", true, true},
    {"\u201C\u4E07\u8FBE\u201D\u5E7F\u573A", "\u4E07\u8FBE\u5E7F\u573A", true, false},
    {"\u91D1\uE001\u8DEF", "\u91D1\uE002\u8DEF", true, true}, /* private use */
    {"\u91D1\uE001\u8DEF", "\u91D1\uE001\u8DEF", true, false},
    {"\u91D1\U000F0001\u8DEF", "\u91D1\u8DEF", true, true}, /* more of it */
    {"\u91D1\uFFFD\u8DEF", "\u91D1\u8DEF", true, true},     /* lost by a decoder */
    {"\u91D1\u0378\u8DEF", "\u91D1\u8DEF", true, true},     /* no character */
    {"\u91D1\U000EFFFF\u8DEF", "\u91D1\U000EFFFE\u8DEF", true, true},
    {"\xC2\x9D\u8DEF", "\xC2\x9E\u8DEF", true, true},                 /* UTF-8 read as Latin-1 */
    {"\u91D1\U00023C98\u8DEF", "\u91D1\U00023C99\u8DEF", true, true}, /* rare ideographs */
    {"\u91D1\U00030001\u8DEF", "\u91D1\U00030002\u8DEF", true, true},
    {"\u91D1\u2FF0\u91D1\u5DDD\u8DEF", "\u91D1\u2FF1\u91D1\u5DDD\u8DEF", true, true},
    {"\u91D1\u200B\u8DEF\uFEFF", "\u200E\u91D1\u8DEF\xC2\x85", false, false}, /* invisible */
    {"\u91D1\x01\u8DEF\x7F", "\u91D1\u8DEF", false, false},
    {"caf\u00E9", "cafe", false, false}, /* accents fall by the model's own rules */
};

static void what_the_model_cannot_see_is_flagged(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof unseen_pairs / sizeof *unseen_pairs; i++) {
        mgeo_pair pair = {unseen_pairs[i].a, MGEO_NUL_TERMINATED, unseen_pairs[i].b,
                          MGEO_NUL_TERMINATED};
        mgeo_pair turned = {pair.b, pair.b_len, pair.a, pair.a_len};
        uint32_t expected = (unseen_pairs[i].unknown ? MGEO_ROW_UNKNOWN_CHARACTERS : 0) |
                            (unseen_pairs[i].differ ? MGEO_ROW_UNKNOWN_DIFFER : 0);
        uint32_t flags = encode(tokenizer, LIMIT, pair).flags;
        if (flags != expected) fail_msg("case %zu: flags %u, not %u", i, flags, expected);
        assert_int_equal(encode(tokenizer, LIMIT, turned).flags, expected);
    }
}

/* Words of more than 100 characters are [UNK]; these differ in their last one alone. */
static void words_too_long_are_told_apart_to_their_end(void **state) {
    (void)state;
    enum { CHARACTERS = 300 };
    char a[CHARACTERS];
    char b[CHARACTERS];
    memset(a, 'k', sizeof a);
    memset(b, 'k', sizeof b);
    mgeo_pair pair = {a, sizeof a, b, sizeof b};
    assert_int_equal(encode(tokenizer, LIMIT, pair).flags, MGEO_ROW_UNKNOWN_CHARACTERS);
    b[CHARACTERS - 1] = 'l';
    assert_int_equal(encode(tokenizer, LIMIT, pair).flags,
                     MGEO_ROW_UNKNOWN_CHARACTERS | MGEO_ROW_UNKNOWN_DIFFER);
    pair.b_len--;
    assert_int_equal(encode(tokenizer, LIMIT, pair).flags,
                     MGEO_ROW_UNKNOWN_CHARACTERS | MGEO_ROW_UNKNOWN_DIFFER);
}

/* A difference behind the cut is one. */
static void what_was_cut_off_is_looked_at(void **state) {
    (void)state;
    mgeo_pair pair = {"\u8DEF\u8DEF\u8DEF\u8DEF\u785A", MGEO_NUL_TERMINATED,
                      "\u8DEF\u8DEF\u8DEF\u8DEF\u9097", MGEO_NUL_TERMINATED};
    uint32_t flags = encode(tokenizer, MGI_TOKENIZER_MIN_LENGTH, pair).flags;
    assert_int_equal(flags,
                     MGEO_ROW_TRUNCATED | MGEO_ROW_UNKNOWN_CHARACTERS | MGEO_ROW_UNKNOWN_DIFFER);
}

static void a_fault_at_the_end_of_a_long_text_is_found(void **state) {
    (void)state;
    size_t bytes = 3u << 20;
    char *text = malloc(bytes + 1);
    assert_non_null(text);
    for (size_t i = 0; i < bytes; i += 3) memcpy(text + i, "路", 3);
    encoded good = encode(tokenizer, LIMIT, (mgeo_pair){text, bytes, "号", 3});
    encoded cut = encode(tokenizer, LIMIT, (mgeo_pair){text, bytes - 1, "号", 3});
    text[bytes] = (char)0xFF;
    encoded bad = encode(tokenizer, LIMIT, (mgeo_pair){"号", 3, text, bytes + 1});
    free(text);
    assert_int_equal(good.flags, MGEO_ROW_TRUNCATED);
    assert_int_equal(good.length, LIMIT);
    assert_int_equal(cut.flags, MGEO_ROW_INVALID_UTF8);
    assert_int_equal(bad.flags, MGEO_ROW_INVALID_UTF8);
    assert_int_equal(bad.length, 0);
    encoded both = encode(tokenizer, LIMIT, (mgeo_pair){"\xFF", 1, "", 0});
    assert_int_equal(both.flags, MGEO_ROW_INVALID_UTF8 | MGEO_ROW_EMPTY);
}

/* The vocabulary of another language has the same specials at other lines. */
static void specials_are_found_by_name(void **state) {
    (void)state;
    static const char text[] = "a\n[SEP]\n##b\n[UNK]\n[CLS]";
    mgi_tokenizer *small = NULL;
    assert_int_equal(mgi_tokenizer_create(&usual, text, strlen(text), "v", &small, NULL), MGEO_OK);
    assert_int_equal(mgi_tokenizer_vocabulary(small), 5);
    encoded out = encode(small, MGI_TOKENIZER_MIN_LENGTH, (mgeo_pair){"Ab", 2, "q", 1});
    static const int32_t expected[] = {4, 0, 1, 3, 1}; /* a ##b was cut to a */
    assert_int_equal(out.flags, MGEO_ROW_TRUNCATED | MGEO_ROW_UNKNOWN_CHARACTERS |
                                    MGEO_ROW_UNKNOWN_DIFFER); /* q */
    assert_int_equal(out.length, 5);
    assert_memory_equal(out.ids, expected, sizeof expected);
    mgi_tokenizer_destroy(small);
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    mgi_alloc_fail_at(0);
    mgi_tokenizer_destroy(make(&usual));
    long allocations = mgi_alloc_count();
    assert_true(allocations >= 3);
    for (long nth = 1; nth <= allocations; nth++) {
        mgi_tokenizer *made = (mgi_tokenizer *)&nth;
        mgeo_error error = {0};
        mgi_alloc_fail_at(nth);
        mgeo_status status =
            mgi_tokenizer_create(&usual, vocab, vocab_bytes, "vocab", &made, &error);
        mgi_alloc_fail_at(0);
        assert_int_equal(status, MGEO_E_MEMORY);
        assert_null(made);
        assert_non_null(strstr(error.message, "out of memory"));
    }
    mgi_alloc_fail_at(1);
    assert_null(mgi_tokenizer_scratch_create(LIMIT));
    mgi_alloc_fail_at(0);
    assert_null(mgi_tokenizer_scratch_create(MGI_TOKENIZER_MIN_LENGTH - 1));
    mgi_tokenizer_destroy(NULL);
    mgi_tokenizer_scratch_destroy(NULL);
}

static void encoding_allocates_nothing(void **state) {
    (void)state;
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(LIMIT);
    encoded out;
    mgeo_pair pair = {"余杭区文一西路969号", MGEO_NUL_TERMINATED, "e\u0301\u0323 가",
                      MGEO_NUL_TERMINATED};
    mgi_alloc_fail_at(0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(
            mgi_tokenizer_encode(tokenizer, &pair, scratch, out.ids, out.types, &out.length), 0);
    }
    assert_int_equal(mgi_alloc_count(), 0);
    mgi_tokenizer_scratch_destroy(scratch);
}

/* ---- Threads --------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 3000 };

static const mgeo_pair shared_pairs[] = {
    {"浙江省杭州市余杭区文一西路969号", MGEO_NUL_TERMINATED, "文一西路969号阿里巴巴",
     MGEO_NUL_TERMINATED},
    {"Ａ座１２楼", MGEO_NUL_TERMINATED, "a座12楼 [SEP]", MGEO_NUL_TERMINATED},
    {"e\u0301\u0323", MGEO_NUL_TERMINATED, "한국", MGEO_NUL_TERMINATED},
};
enum { SHARED = sizeof shared_pairs / sizeof shared_pairs[0] };

static encoded expected_answers[SHARED];

static void *encode_many(void *user) {
    bool *same = user;
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(LIMIT);
    *same = scratch != NULL;
    for (int i = 0; i < ROUNDS && *same; i++) {
        const encoded *wanted = &expected_answers[i % SHARED];
        encoded out;
        out.flags = mgi_tokenizer_encode(tokenizer, &shared_pairs[i % SHARED], scratch, out.ids,
                                         out.types, &out.length);
        *same = out.flags == wanted->flags && out.length == wanted->length &&
                memcmp(out.ids, wanted->ids, out.length * sizeof out.ids[0]) == 0 &&
                memcmp(out.types, wanted->types, out.length) == 0;
    }
    mgi_tokenizer_scratch_destroy(scratch);
    return NULL;
}

static void threads_share_one_tokenizer(void **state) {
    (void)state;
    for (int i = 0; i < SHARED; i++) {
        expected_answers[i] = encode(tokenizer, LIMIT, shared_pairs[i]);
        assert_int_equal(expected_answers[i].flags, 0);
    }
    pthread_t threads[THREADS];
    bool same[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, encode_many, &same[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(same[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_pair_is_cut_by_the_rule),
        cmocka_unit_test(lengths_may_be_left_to_the_nul_byte),
        cmocka_unit_test(types_tell_the_sides_apart_unless_told_not_to),
        cmocka_unit_test(a_special_tokens_name_is_text),
        cmocka_unit_test(rows_without_text_are_flagged),
        cmocka_unit_test(what_the_model_cannot_see_is_flagged),
        cmocka_unit_test(words_too_long_are_told_apart_to_their_end),
        cmocka_unit_test(what_was_cut_off_is_looked_at),
        cmocka_unit_test(a_fault_at_the_end_of_a_long_text_is_found),
        cmocka_unit_test(specials_are_found_by_name),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(encoding_allocates_nothing),
        cmocka_unit_test(threads_share_one_tokenizer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
