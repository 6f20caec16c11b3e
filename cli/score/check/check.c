/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a loaded model and its self-test. */
#include "score/check/check.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "score/check/coverage.h"
#include "score/check/fields.h"

enum { UNUSED_SHOWN = 20, PAIRS = 8, IDENTICAL = 0, UNRELATED = 1 };

/* Made up for this test. Pair 0 is twice the same text, pair 1 two places far apart. */
static const char *const pairs[PAIRS][2] = {
    {"浙江省杭州市西湖区文三路100号", "浙江省杭州市西湖区文三路100号"},
    {"浙江省杭州市西湖区文三路100号", "黑龙江省哈尔滨市道里区中央大街58号"},
    {"西湖区文三路100号", "杭州市文三路100号3楼"},
    {"人民路1号", "人民路2号"},
    {"阳光花园5幢2单元301室", "阳光花园小区5栋2单元301"},
    {"A", "一"},
    {"中国工商银行(长安支行)", "长安路工行"},
    {"上海市浦东新区世纪大道1号东方明珠广播电视塔游客中心一层售票处旁边的停车场入口", "东方明珠"},
};

struct rollout_answers {
    float similarity[PAIRS];
    float probabilities[PAIRS * MGEO_MAX_LABELS];
    uint32_t flags[PAIRS];
};

static bool ask(mgeo_engine *engine, size_t first, size_t count, struct rollout_answers *answers,
                struct string_buffer *text) {
    mgeo_pair asked[PAIRS];
    for (size_t i = 0; i < count; i++) {
        asked[i] = (mgeo_pair){.a = pairs[first + i][0],
                               .a_len = MGEO_NUL_TERMINATED,
                               .b = pairs[first + i][1],
                               .b_len = MGEO_NUL_TERMINATED};
    }
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = answers->similarity + first,
                          .probabilities = answers->probabilities + first * MGEO_MAX_LABELS,
                          .probability_stride = MGEO_MAX_LABELS,
                          .flags = answers->flags + first};
    mgeo_error cause;
    if (mgeo_score(engine, asked, count, &scores, &cause) == MGEO_OK) return true;
    string_buffer_format(text, "FAILED  scoring: %s\n", cause.message);
    return false;
}

static bool verdict(struct string_buffer *text, bool passed, const char *what) {
    string_buffer_format(text, "  %-7s %s", passed ? "ok" : "FAILED", what);
    return passed;
}

static bool test_finite(const struct rollout_answers *answers, struct string_buffer *text) {
    bool passed = true;
    for (size_t i = 0; i < PAIRS; i++) {
        passed = passed && (answers->flags[i] & MGEO_ROW_BAD) == 0 &&
                 answers->similarity[i] >= 0.0f && answers->similarity[i] <= 1.0f;
    }
    verdict(text, passed, "every similarity is finite and in 0..1\n");
    return passed;
}

static bool test_sums(const struct rollout_answers *answers, const mgeo_model_info *info,
                      struct string_buffer *text) {
    if (info->label_count < 2) return true; /* a one-logit model has nothing to sum */
    double worst = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < info->label_count; j++) {
            sum += (double)answers->probabilities[i * MGEO_MAX_LABELS + j];
        }
        if (!(fabs(sum - 1) <= worst)) worst = fabs(sum - 1); /* NaN counts as worst */
    }
    bool passed = verdict(text, worst <= 1e-4, "probabilities sum to 1");
    string_buffer_format(text, " (farthest off: %.1e)\n", worst);
    return passed;
}

static double tolerance(int32_t precision) {
    switch (precision) {
    case MGEO_FP32: return 1e-4;
    case MGEO_FP16: return 1e-2;
    case MGEO_BF16: return 3e-2;
    default: return 1e-1; /* int8, fp8 */
    }
}

static bool test_alone(const struct rollout_answers *together, const struct rollout_answers *alone,
                       const mgeo_model_info *info, struct string_buffer *text) {
    double worst = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        double shift = fabs((double)together->similarity[i] - (double)alone->similarity[i]);
        if (!(shift <= worst)) worst = shift;
    }
    bool passed = verdict(text, worst <= tolerance(info->precision),
                          "a pair scores the same alone and in a batch");
    string_buffer_format(text, " (farthest off: %.1e)\n", worst);
    return passed;
}

/* A model with random weights is sound and fails this: it is said, not counted. */
static void note_sense(const struct rollout_answers *answers, struct string_buffer *text) {
    double same = (double)answers->similarity[IDENTICAL];
    double other = (double)answers->similarity[UNRELATED];
    string_buffer_format(text, "  %-7s the same address twice scores %.4f, two cities %.4f%s\n",
                         same > other ? "ok" : "warning", same, other,
                         same > other ? "" : ": is this model trained, and its label order right?");
}

static bool self_test(mgeo_engine *engine, const mgeo_model_info *info,
                      struct string_buffer *text) {
    struct rollout_answers together, alone;
    string_buffer_put(text, "self-test\n");
    if (!ask(engine, 0, PAIRS, &together, text)) return false;
    for (size_t i = 0; i < PAIRS; i++) {
        if (!ask(engine, i, 1, &alone, text)) return false;
    }
    bool passed = test_finite(&together, text);
    passed = test_sums(&together, info, text) && passed;
    passed = test_alone(&together, &alone, info, text) && passed;
    note_sense(&together, text);
    return passed;
}

static void describe_labels(const mgeo_model_info *info, struct string_buffer *text) {
    string_buffer_put(text, "labels         ");
    for (uint32_t i = 0; i < info->label_count; i++) {
        string_buffer_format(text, "%s%" PRIu32 " %s%s", i > 0 ? ", " : "", i, info->labels[i],
                             (int32_t)i == info->positive_label ? " (positive)" : "");
    }
    string_buffer_put(text,
                      info->label_count == 1 ? " (one logit: similarity is its sigmoid)\n" : "\n");
}

static void describe(const mgeo_model_info *info, struct string_buffer *text) {
    string_buffer_format(text, "model          %s\n", info->path);
    string_buffer_format(text, "version        %s\n", info->version);
    string_buffer_format(text, "fingerprint    %s\n", info->fingerprint);
    string_buffer_format(text,
                         "encoder        %" PRIu32 " layers, hidden %" PRIu32 ", %" PRIu32
                         " heads, vocabulary %" PRIu32 "\n",
                         info->layers, info->hidden, info->heads, info->vocabulary);
    string_buffer_format(text, "parameters     %" PRIu64 " (%.1f MB as loaded)\n", info->parameters,
                         (double)info->bytes_on_device / 1e6);
    describe_labels(info, text);
    string_buffer_format(text, "max length     %" PRIu32 " tokens\n", info->max_length);
    string_buffer_format(text, "precision      %s\n", mgeo_precision_name(info->precision));
    string_buffer_format(text,
                         "device         %s, %s, %" PRIu32 " threads, %" PRIu32 " tokens a batch\n",
                         info->device, info->library, info->threads, info->batch_tokens);
    string_buffer_format(text, "loaded in      %.3f s, of which warm-up %.3f s\n",
                         info->load_seconds, info->warm_up_seconds);
    if (info->warning[0] != '\0') string_buffer_format(text, "warning        %s\n", info->warning);
}

static void list_unused(mgeo_engine *engine, const mgeo_model_info *info,
                        struct string_buffer *text) {
    string_buffer_format(text, "unused tensors %" PRIu64 "\n", info->unused_tensors);
    for (uint64_t i = 0; i < info->unused_tensors && i < UNUSED_SHOWN; i++) {
        char name[256];
        if (mgeo_get_unused_tensor(engine, MGEO_LIVE, i, name, sizeof name, NULL) != MGEO_OK) break;
        string_buffer_put(text, "  ");
        string_buffer_escaped_cell(text, name, strlen(name));
        string_buffer_put(text, "\n");
    }
    if (info->unused_tensors > UNUSED_SHOWN) {
        string_buffer_format(text, "  … and %" PRIu64 " more\n",
                             info->unused_tensors - UNUSED_SHOWN);
    }
}

bool check_model(mgeo_engine *engine, const mgeo_model_info *info, struct string_buffer *text) {
    describe(info, text);
    coverage_describe(engine, text);
    list_unused(engine, info, text);
    fields_describe(engine, info, text);
    bool passed = self_test(engine, info, text);
    string_buffer_put(text, passed ? "sound\n" : "NOT SOUND\n");
    return passed;
}
