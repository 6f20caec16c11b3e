/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random texts and vocabularies against lib/text, checked by what must always hold.
 *
 *     text_fuzz [ROUNDS [SEED]]
 *
 * Deterministic: the same rounds and seed do the same. Every text lies in a block of its exact
 * size, so that a sanitizer sees a byte read too far.
 */
#include "text/tokenizer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 600, LONGEST = 2048, SPECIALS = 3 };

static uint64_t random_state;

static uint32_t random_below(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

static void die(const char *what, unsigned long round) {
    fprintf(stderr, "text_fuzz: round %lu: %s\n", round, what);
    exit(1);
}

static void *exact_copy(const void *data, size_t bytes) {
    void *copy = malloc(bytes == 0 ? 1 : bytes);
    if (copy == NULL) exit(2);
    memcpy(copy, data, bytes);
    return copy;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static const char *const seeds[] = {
    "浙江省杭州市余杭区文一西路969号",
    "Ｂ座１２楼（东）",
    "hello, WORLD",
    "e\u0301\u0323\u0338",
    "\u1112\u1161\u11AB한국",
    "<\u0338=\u0338>",
    "[SEP] [CLS]",
    "\u0130\u03A3\u00DF",
    "👨‍👩‍👧🏠🇨🇳",
    "\u09C7\u09BE\u0B47\u0B56",
    "\uFFFD\uFEFF\u200B",
    "\uF9D1\u2F00",
    "\U0002F800\U00020000",
    "\u2028\u3000\t\r\n",
    "\u0F71\u0F72\u0F74\u0F80",
    "\U0001D15E\u302E",
};

static size_t put_code_point(uint32_t c, unsigned char *to) {
    if (c < 0x80) {
        to[0] = (unsigned char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6) to[i] = (unsigned char)(0x80 | (c & 0x3F));
    to[0] = (unsigned char)(leads[length] | c);
    return length;
}

static size_t grow(unsigned char *text, size_t bytes) {
    uint32_t choice = random_below(8);
    if (choice < 4) {
        const char *seed = seeds[random_below(sizeof seeds / sizeof seeds[0])];
        memcpy(text + bytes, seed, strlen(seed));
        return bytes + strlen(seed);
    }
    if (choice == 4) {
        uint32_t c = random_below(random_below(2) ? 0x3000 : 0x110000);
        return bytes + put_code_point(c, text + bytes); /* surrogates among them */
    }
    if (choice == 5) {
        uint32_t mark = 0x300 + random_below(0x70);
        for (uint32_t n = random_below(30); n > 0; n--) bytes += put_code_point(mark, text + bytes);
        return bytes;
    }
    text[bytes] = choice == 6 ? ' ' : (unsigned char)('a' + random_below(26));
    return bytes + 1;
}

static size_t make_text(unsigned char *text) {
    size_t bytes = 0;
    for (uint32_t n = random_below(12); n > 0; n--) bytes = grow(text, bytes);
    if (bytes > 0 && random_below(3) == 0) {
        for (uint32_t n = random_below(3); n > 0; n--) {
            text[random_below((uint32_t)bytes)] = (unsigned char)random_below(256);
        }
        if (random_below(2)) bytes -= random_below((uint32_t)bytes);
    }
    return bytes;
}

/* A second opinion on UTF-8, by the table of the Unicode standard (3-7). */
static bool is_utf8(const unsigned char *at, size_t bytes) {
    static const struct {
        unsigned char first, last, low, high, tails;
    } rows[] = {
        {0x00, 0x7F, 0, 0, 0},       {0xC2, 0xDF, 0x80, 0xBF, 1}, {0xE0, 0xE0, 0xA0, 0xBF, 2},
        {0xE1, 0xEC, 0x80, 0xBF, 2}, {0xED, 0xED, 0x80, 0x9F, 2}, {0xEE, 0xEF, 0x80, 0xBF, 2},
        {0xF0, 0xF0, 0x90, 0xBF, 3}, {0xF1, 0xF3, 0x80, 0xBF, 3}, {0xF4, 0xF4, 0x80, 0x8F, 3},
    };
    for (size_t i = 0; i < bytes;) {
        size_t row = 0;
        while (row < 9 && !(at[i] >= rows[row].first && at[i] <= rows[row].last)) row++;
        if (row == 9 || rows[row].tails > bytes - i - 1) return false;
        for (size_t tail = 1; tail <= rows[row].tails; tail++) {
            unsigned char low = tail == 1 ? rows[row].low : 0x80;
            unsigned char high = tail == 1 ? rows[row].high : 0xBF;
            if (at[i + tail] < low || at[i + tail] > high) return false;
        }
        i += 1 + rows[row].tails;
    }
    return true;
}

/* ---- What must hold -------------------------------------------------------------------------- */

typedef struct encoded {
    int32_t ids[LONGEST];
    uint8_t types[LONGEST];
    uint32_t length;
    uint32_t flags;
} encoded;

static void encode(const mgi_tokenizer *tokenizer, mgi_tokenizer_scratch *scratch, const void *a,
                   size_t a_bytes, const void *b, size_t b_bytes, encoded *out) {
    char *a_copy = exact_copy(a, a_bytes);
    char *b_copy = exact_copy(b, b_bytes);
    mgeo_pair pair = {a_copy, a_bytes, b_copy, b_bytes};
    out->flags =
        mgi_tokenizer_encode(tokenizer, &pair, scratch, out->ids, out->types, &out->length);
    free(a_copy);
    free(b_copy);
}

static void check_row(const mgi_tokenizer *tokenizer, const encoded *out, uint32_t limit,
                      bool valid, unsigned long round) {
    uint32_t vocabulary = mgi_tokenizer_vocabulary(tokenizer);
    bool invalid = (out->flags & MGEO_ROW_INVALID_UTF8) != 0;
    if (invalid == valid) die("wrong about UTF-8", round);
    bool unscored = (out->flags & (MGEO_ROW_INVALID_UTF8 | MGEO_ROW_EMPTY)) != 0;
    if (unscored != (out->length == 0)) die("length and flags disagree", round);
    if (unscored) return;
    bool cut = (out->flags & MGEO_ROW_TRUNCATED) != 0;
    if (out->length < MGI_TOKENIZER_MIN_LENGTH || out->length > limit) {
        die("length out of range", round);
    }
    if (cut && out->length != limit) die("cut, but not to the limit", round);
    for (uint32_t i = 0; i < out->length; i++) {
        if (out->ids[i] < 0 || (uint32_t)out->ids[i] >= vocabulary) die("id out of range", round);
        if (out->types[i] > 1) die("type out of range", round);
    }
}

/* Splits like the text with a space in between: nothing reaches over a space. */
static void check_seam(const mgi_tokenizer *tokenizer, mgi_tokenizer_scratch *scratch,
                       const unsigned char *a, size_t a_bytes, const unsigned char *b,
                       size_t b_bytes, const encoded *whole, unsigned long round) {
    static unsigned char joined[2 * TEXT_MAX + 1];
    static encoded seam;
    const uint32_t unseen = MGEO_ROW_UNKNOWN_CHARACTERS | MGEO_ROW_UNKNOWN_DIFFER;
    if ((whole->flags & ~unseen) != 0) return;
    memcpy(joined, a, a_bytes);
    joined[a_bytes] = ' ';
    memcpy(joined + a_bytes + 1, b, b_bytes);
    encode(tokenizer, scratch, joined, a_bytes + 1 + b_bytes, "1", 1, &seam);
    uint32_t first = 0;
    while (whole->types[first] == 0) first++;
    uint32_t second = whole->length - first;
    if ((seam.flags & ~unseen) != 0 || seam.length != whole->length + 1)
        die("a space joins texts", round);
    if (memcmp(seam.ids, whole->ids, (first - 1) * sizeof(int32_t)) != 0 ||
        memcmp(seam.ids + first - 1, whole->ids + first, (second - 1) * sizeof(int32_t)) != 0) {
        die("a space changes tokens", round);
    }
}

static void fuzz_pair(const mgi_tokenizer *tokenizer, mgi_tokenizer_scratch *large,
                      unsigned long round) {
    static unsigned char a[2 * TEXT_MAX];
    static unsigned char b[2 * TEXT_MAX];
    static encoded whole;
    static encoded cut;
    size_t a_bytes = make_text(a);
    size_t b_bytes = make_text(b);
    if (a_bytes > TEXT_MAX || b_bytes > TEXT_MAX) return;
    bool valid = is_utf8(a, a_bytes) && is_utf8(b, b_bytes);
    encode(tokenizer, large, a, a_bytes, b, b_bytes, &whole);
    check_row(tokenizer, &whole, LONGEST, valid, round);
    check_seam(tokenizer, large, a, a_bytes, b, b_bytes, &whole, round);
    uint32_t limit = MGI_TOKENIZER_MIN_LENGTH + random_below(30);
    mgi_tokenizer_scratch *small = mgi_tokenizer_scratch_create(limit);
    if (small == NULL) exit(2);
    encode(tokenizer, small, a, a_bytes, b, b_bytes, &cut);
    mgi_tokenizer_scratch_destroy(small);
    check_row(tokenizer, &cut, limit, valid, round);
    if (((cut.flags & MGEO_ROW_TRUNCATED) != 0) != (whole.length > limit)) {
        die("wrongly flagged as cut", round);
    }
    if (valid && ((cut.flags ^ whole.flags) & ~(uint32_t)MGEO_ROW_TRUNCATED) != 0) {
        die("a cut changes what is unknown", round);
    }
    encode(tokenizer, large, a, a_bytes, a, a_bytes, &cut);
    if ((cut.flags & MGEO_ROW_UNKNOWN_DIFFER) != 0) die("a text differs from itself", round);
}

/* ---- Vocabularies ---------------------------------------------------------------------------- */

static const char good_vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n浙\n江\n路\n##路\na\nb\n##b\nabc\n##bc\n号\n1\n2\n##2\n,\n\u00E9\n"
    "\u1112\n##\u1161\n\U00020000\n##\U00020000\n[\n]\n#\n##";

static mgi_tokenizer *make(const void *vocab, size_t bytes) {
    mgi_tokenizer_options options = {
        .do_lower_case = random_below(2),
        .tokenize_chinese_chars = random_below(4) != 0,
        .strip_accents = (mgi_tokenizer_strip)random_below(3),
        .halve_budget = random_below(2),
    };
    mgi_tokenizer *tokenizer = NULL;
    mgeo_error error = {0};
    mgeo_status status = mgi_tokenizer_create(&options, vocab, bytes, "vocab", &tokenizer, &error);
    if ((status == MGEO_OK) != (tokenizer != NULL) || (status != MGEO_OK && !error.message[0])) {
        fprintf(stderr, "text_fuzz: status and result disagree\n");
        exit(1);
    }
    return tokenizer;
}

static mgi_tokenizer *make_damaged(void) {
    unsigned char *bytes = exact_copy(good_vocab, sizeof good_vocab - 1);
    size_t size = sizeof good_vocab - 1;
    for (uint32_t n = random_below(4); n > 0; n--) {
        bytes[random_below((uint32_t)size)] = (unsigned char)random_below(256);
    }
    if (random_below(3) == 0) size = random_below((uint32_t)size);
    unsigned char *cut = exact_copy(bytes, size);
    free(bytes);
    mgi_tokenizer *tokenizer = make(cut, size);
    free(cut);
    return tokenizer;
}

int main(int argc, char **argv) {
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 0x9E3779B97F4A7C15u;
    mgi_tokenizer *tokenizer = make(good_vocab, sizeof good_vocab - 1);
    mgi_tokenizer_scratch *large = mgi_tokenizer_scratch_create(LONGEST);
    if (tokenizer == NULL || large == NULL) return 2;
    for (unsigned long round = 0; round < rounds; round++) {
        if (round % 100 == 99) {
            mgi_tokenizer *next = make_damaged();
            if (next == NULL) next = make(good_vocab, sizeof good_vocab - 1);
            mgi_tokenizer_destroy(tokenizer);
            tokenizer = next;
        }
        fuzz_pair(tokenizer, large, round);
    }
    mgi_tokenizer_destroy(tokenizer);
    mgi_tokenizer_scratch_destroy(large);
    return 0;
}
