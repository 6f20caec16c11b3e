/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test of a loaded model: a few pairs, together and each alone. */
#include "score/check/check.h"

#include <math.h>
#include <string.h>

enum { PAIRS = 8, IDENTICAL = 0, UNRELATED = 1 };

static const double unmeasured = -1;

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
                struct check_result *result) {
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
    return mgeo_score(engine, asked, count, &scores, &result->cause) == MGEO_OK;
}

static void add_test(struct check_result *result, const char *name, const char *what, bool passed,
                     double worst) {
    result->tests[result->count++] =
        (struct check_test){name, what, passed, worst != unmeasured, worst};
}

static void test_finite(const struct rollout_answers *answers, struct check_result *result) {
    bool passed = true;
    for (size_t i = 0; i < PAIRS; i++) {
        passed = passed && (answers->flags[i] & MGEO_ROW_BAD) == 0 &&
                 answers->similarity[i] >= 0.0f && answers->similarity[i] <= 1.0f;
    }
    add_test(result, "finite", "every similarity is finite and in 0..1", passed, unmeasured);
}

static void test_sums(const struct rollout_answers *answers, const mgeo_model_info *info,
                      struct check_result *result) {
    if (info->label_count < 2) return; /* a one-logit model has nothing to sum */
    double worst = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        double sum = 0;
        for (uint32_t j = 0; j < info->label_count; j++) {
            sum += (double)answers->probabilities[i * MGEO_MAX_LABELS + j];
        }
        if (!(fabs(sum - 1) <= worst)) worst = fabs(sum - 1); /* NaN counts as worst */
    }
    add_test(result, "sum", "probabilities sum to 1", worst <= 1e-4, worst);
}

static double tolerance(int32_t precision) {
    switch (precision) {
    case MGEO_FP32: return 1e-4;
    case MGEO_FP16: return 1e-2;
    case MGEO_BF16: return 3e-2;
    default: return 1e-1; /* int8, fp8 */
    }
}

static void test_alone(const struct rollout_answers *together, const struct rollout_answers *alone,
                       const mgeo_model_info *info, struct check_result *result) {
    double worst = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        double shift = fabs((double)together->similarity[i] - (double)alone->similarity[i]);
        if (!(shift <= worst)) worst = shift;
    }
    add_test(result, "alone", "a pair scores the same alone and in a batch",
             worst <= tolerance(info->precision), worst);
}

static bool answer_all(mgeo_engine *engine, struct rollout_answers *together,
                       struct rollout_answers *alone, struct check_result *result) {
    bool answered = ask(engine, 0, PAIRS, together, result);
    for (size_t i = 0; answered && i < PAIRS; i++) answered = ask(engine, i, 1, alone, result);
    return answered;
}

bool check_model(mgeo_engine *engine, const mgeo_model_info *info, struct check_result *result) {
    struct rollout_answers together, alone;
    memset(result, 0, sizeof *result);
    coverage_measure(engine, &result->coverage);
    result->answered = answer_all(engine, &together, &alone, result);
    if (!result->answered) return false;
    test_finite(&together, result);
    test_sums(&together, info, result);
    test_alone(&together, &alone, info, result);
    /* A model with random weights is sound and fails this: it is said, not counted. */
    result->same = (double)together.similarity[IDENTICAL];
    result->other = (double)together.similarity[UNRELATED];
    result->sound = true;
    for (size_t i = 0; i < result->count; i++) {
        result->sound = result->sound && result->tests[i].passed;
    }
    return result->sound;
}
