/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake backend must answer for a pair, computed without the library's run and engine. */
#include "fake_oracle.h"

#include "backend/fake.h"
#include "check.h"
#include "core/fixed_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char oracle_vocabulary[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
    "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"
    "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\np\nq\nr\ns\nt\nu\nv\n"
    "w\nx\ny\nz\n路\n号\n街\n道\n区\n市\n";

float oracle_bias(uint32_t variant, uint32_t label) {
    return (float)(variant % 64) * 0.125f * (label == 0 ? 1.0f : -0.5f) + (float)label;
}

mgi_labels test_labels(uint32_t count) {
    mgi_labels labels = {.count = count, .positive = 1, .partial = -1, .partial_weight = 0.5f};
    static const char *const three[] = {"not_match", "partial_match", "exact_match"};
    for (uint32_t i = 0; i < count; i++) {
        if (count == 3) {
            mgi_fixed_text_copy(labels.names[i], sizeof labels.names[i], three[i]);
        } else {
            snprintf(labels.names[i], sizeof labels.names[i], "LABEL_%u", i);
        }
    }
    if (count == 3) {
        labels.positive = 2;
        labels.partial = 1;
    }
    labels.caps = true;
    labels.same = labels.positive;
    labels.near = labels.partial;
    return labels;
}

mgi_tokenizer *oracle_tokenizer(void) {
    mgi_tokenizer_options options = {.do_lower_case = true, .tokenize_chinese_chars = true};
    mgi_tokenizer *tokenizer = NULL;
    mgeo_error error = {0};
    if (mgi_tokenizer_create(&options, oracle_vocabulary, strlen(oracle_vocabulary),
                             "test vocabulary", &tokenizer, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    return tokenizer;
}

float oracle_similarity(const mgi_tokenizer *tokenizer, uint32_t max_length,
                        const mgi_labels *labels, uint32_t variant, const mgeo_pair *pair) {
    enum { LONGEST = 512 };
    int32_t ids[LONGEST];
    uint8_t types[LONGEST];
    uint32_t length = 0;
    assert_true(max_length <= LONGEST);
    mgi_tokenizer_scratch *scratch = mgi_tokenizer_scratch_create(max_length);
    assert_non_null(scratch);
    uint32_t flags = mgi_tokenizer_encode(tokenizer, pair, scratch, ids, types, &length);
    mgi_tokenizer_scratch_destroy(scratch);
    if (length == 0) return NAN;
    float logits[MGEO_MAX_LABELS];
    float similarity;
    for (uint32_t i = 0; i < labels->count; i++) {
        logits[i] = mgi_fake_logit(ids, types, length, i, oracle_bias(variant, i));
    }
    bool capped;
    if (flags & MGEO_ROW_UNKNOWN_DIFFER) {
        mgi_labels_score_apart(labels, logits, NULL, NULL, &similarity, &capped);
    } else {
        mgi_labels_score(labels, logits, NULL, NULL, &similarity);
    }
    return similarity;
}

static void test_make_text(char *text, uint32_t number, uint32_t words) {
    static const char *const kinds[] = {"路", "号", "街", "道", "区", "市"};
    size_t length = 0;
    for (uint32_t i = 0; i < words && length + 8 < TEST_TEXT_BYTES; i++) {
        number = number * 1664525u + 1013904223u;
        const char *kind = kinds[(number >> 16) % 6];
        length +=
            (size_t)snprintf(text + length, TEST_TEXT_BYTES - length, "%c%s",
                             "0123456789abcdefghijklmnopqrstuvwxyz"[(number >> 24) % 36], kind);
    }
}

mgeo_pair test_make_pair(test_pair *texts, uint32_t number, uint32_t words) {
    test_make_text(texts->a, number * 2 + 1, words + number % 5);
    test_make_text(texts->b, number * 2 + 2, words + number % 3);
    return (mgeo_pair){texts->a, MGEO_NUL_TERMINATED, texts->b, MGEO_NUL_TERMINATED};
}
