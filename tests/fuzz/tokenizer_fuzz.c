/* SPDX-License-Identifier: Apache-2.0 */
/* A pair of texts through a small vocabulary, checked by what must always hold.
 *
 * Byte 0 of an input chooses the options, byte 1 the shorter limit, byte 2 the length of the first
 * text; the two texts follow. */
#include "text/tokenizer.h"

#include "fuzz.h"
#include "utf8.h"

#include <stdbool.h>
#include <string.h>

enum { TEXT_MAX = 600, LONGEST = 2048 };

/* One text in a block of its exact size. */
static char *exact_copy(const void *data, size_t bytes) {
    char *copy = malloc(bytes == 0 ? 1 : bytes);
    if (copy == NULL) exit(2);
    if (bytes > 0) memcpy(copy, data, bytes);
    return copy;
}

/* ---- what must hold -------------------------------------------------------------------------- */

typedef struct encoded {
    int32_t ids[LONGEST];
    uint8_t types[LONGEST];
    uint32_t length;
    uint32_t flags;
} encoded;

typedef struct text {
    const uint8_t *bytes;
    size_t size;
} text;

static void encode(const mgi_tokenizer *tokenizer, mgi_tokenizer_scratch *scratch, text a, text b,
                   encoded *out) {
    char *a_copy = exact_copy(a.bytes, a.size);
    char *b_copy = exact_copy(b.bytes, b.size);
    mgeo_pair pair = {a_copy, a.size, b_copy, b.size};
    out->flags =
        mgi_tokenizer_encode(tokenizer, &pair, scratch, out->ids, out->types, &out->length);
    free(a_copy);
    free(b_copy);
}

static void check_row(const mgi_tokenizer *tokenizer, const encoded *out, uint32_t limit,
                      bool valid) {
    uint32_t vocabulary = mgi_tokenizer_vocabulary(tokenizer);
    bool invalid = (out->flags & MGEO_ROW_INVALID_UTF8) != 0;
    FUZZ_REQUIRE(invalid != valid, "wrong about UTF-8");
    bool unscored = (out->flags & (MGEO_ROW_INVALID_UTF8 | MGEO_ROW_EMPTY)) != 0;
    FUZZ_REQUIRE(unscored == (out->length == 0), "length and flags disagree");
    if (unscored) return;
    bool cut = (out->flags & MGEO_ROW_TRUNCATED) != 0;
    FUZZ_REQUIRE(out->length >= MGI_TOKENIZER_MIN_LENGTH && out->length <= limit,
                 "length out of range");
    FUZZ_REQUIRE(!cut || out->length == limit, "cut, but not to the limit");
    for (uint32_t i = 0; i < out->length; i++) {
        FUZZ_REQUIRE(out->ids[i] >= 0 && (uint32_t)out->ids[i] < vocabulary, "id out of range");
        FUZZ_REQUIRE(out->types[i] <= 1, "type out of range");
    }
}

/* Splits like the text with a space in between: nothing reaches over a space. */
static void check_seam(const mgi_tokenizer *tokenizer, mgi_tokenizer_scratch *scratch, text a,
                       text b, const encoded *whole) {
    static uint8_t joined[2 * TEXT_MAX + 1];
    static encoded seam;
    uint32_t plain = MGEO_ROW_TRUNCATED | MGEO_ROW_INVALID_UTF8 | MGEO_ROW_EMPTY;
    if ((whole->flags & plain) != 0) return;
    memcpy(joined, a.bytes, a.size);
    joined[a.size] = ' ';
    memcpy(joined + a.size + 1, b.bytes, b.size);
    encode(tokenizer, scratch, (text){joined, a.size + 1 + b.size}, (text){(const uint8_t *)"1", 1},
           &seam);
    uint32_t first = 0;
    while (whole->types[first] == 0) first++;
    uint32_t second = whole->length - first;
    FUZZ_REQUIRE((seam.flags & plain) == 0 && seam.length == whole->length + 1,
                 "a space joins texts");
    FUZZ_REQUIRE(
        memcmp(seam.ids, whole->ids, (first - 1) * sizeof(int32_t)) == 0 &&
            memcmp(seam.ids + first - 1, whole->ids + first, (second - 1) * sizeof(int32_t)) == 0,
        "a space changes tokens");
}

static void check_pair(const mgi_tokenizer *tokenizer, text a, text b, uint32_t limit) {
    static encoded whole, cut;
    bool valid = fuzz_is_utf8(a.bytes, a.size) && fuzz_is_utf8(b.bytes, b.size);
    mgi_tokenizer_scratch *large = mgi_tokenizer_scratch_create(LONGEST);
    mgi_tokenizer_scratch *small = mgi_tokenizer_scratch_create(limit);
    if (large == NULL || small == NULL) exit(2);
    encode(tokenizer, large, a, b, &whole);
    check_row(tokenizer, &whole, LONGEST, valid);
    check_seam(tokenizer, large, a, b, &whole);
    encode(tokenizer, small, a, b, &cut);
    check_row(tokenizer, &cut, limit, valid);
    FUZZ_REQUIRE(((cut.flags & MGEO_ROW_TRUNCATED) != 0) == (whole.length > limit),
                 "wrongly flagged as cut");
    FUZZ_REQUIRE(!valid || (cut.flags | MGEO_ROW_TRUNCATED) == (whole.flags | MGEO_ROW_TRUNCATED),
                 "a cut changes what is unknown");
    encode(tokenizer, large, a, a, &cut);
    FUZZ_REQUIRE((cut.flags & MGEO_ROW_UNKNOWN_DIFFER) == 0, "a text differs from itself");
    mgi_tokenizer_scratch_destroy(small);
    mgi_tokenizer_scratch_destroy(large);
}

/* ---- the target ------------------------------------------------------------------------------ */

static const char vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n浙\n江\n路\n##路\na\nb\n##b\nabc\n##bc\n号\n1\n2\n##2\n,\n\u00E9\n"
    "\u1112\n##\u1161\n\U00020000\n##\U00020000\n[\n]\n#\n##";

static mgi_tokenizer *tokenizer_of(unsigned choice) {
    static mgi_tokenizer *made[24];
    choice %= 24;
    if (made[choice] != NULL) return made[choice];
    const mgi_tokenizer_options options = {
        .do_lower_case = choice & 1,
        .tokenize_chinese_chars = (choice >> 1 & 1) == 0,
        .halve_budget = choice >> 2 & 1,
        .strip_accents = (mgi_tokenizer_strip)(choice >> 3),
    };
    mgeo_error error;
    mgeo_status status =
        mgi_tokenizer_create(&options, vocab, sizeof vocab - 1, "vocab", &made[choice], &error);
    FUZZ_REQUIRE(status == MGEO_OK, "the vocabulary is not taken");
    return made[choice];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3) return 0;
    text a = {data + 3, data[2] < size - 3 ? data[2] : size - 3};
    text b = {a.bytes + a.size, size - 3 - a.size};
    if (b.size > TEXT_MAX) b.size = TEXT_MAX;
    check_pair(tokenizer_of(data[0]), a, b, MGI_TOKENIZER_MIN_LENGTH + data[1] % 30);
    return 0;
}
