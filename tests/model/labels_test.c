/* SPDX-License-Identifier: Apache-2.0 */
/* Labels: which one means a match, and what becomes of logits. */
#include "model/config.h"
#include "model/labels.h"
#include "model/model.h"

#include "support/check.h"
#include "support/model_files.h"

#include <math.h>
#include <string.h>

/* A comma-separated list of names, "" for none. */
static mgi_config named(const char *list) {
    mgi_config config = {0};
    for (const char *at = list; *at != '\0';) {
        size_t length = strcspn(at, ",");
        memcpy(config.labels.names[config.labels.count++], at, length);
        at += length + (at[length] == ',');
    }
    strcpy(config.labels.source, "config.json: id2label");
    return config;
}

static const struct {
    const char *names;
    uint32_t outputs;
    const char *asked;
    int32_t positive, partial;
    mgeo_status status;
    const char *part; /* of the error, or the first label */
} cases[] = {
    {"", 2, NULL, 1, -1, MGEO_OK, "LABEL_0"},
    {"", 1, NULL, -1, -1, MGEO_OK, "score"},
    {"LABEL_0", 1, NULL, -1, -1, MGEO_OK, "LABEL_0"},
    {"a,b", 2, NULL, 1, -1, MGEO_OK, "a"},
    {"a,b", 2, "a", 0, -1, MGEO_OK, "a"},
    {"not_match,match", 2, NULL, 1, -1, MGEO_OK, "not_match"},
    {"match,not_match", 2, NULL, 0, -1, MGEO_OK, "match"},
    {"1,0", 2, NULL, 0, -1, MGEO_OK, "1"},
    {"other,no", 2, NULL, 0, -1, MGEO_OK, "other"},
    {"no,other", 2, NULL, 1, -1, MGEO_OK, "no"},
    {"exact_match,not_match", 2, NULL, 0, -1, MGEO_OK, "exact_match"},
    {"exact_match,partial_match", 2, NULL, 0, 1, MGEO_OK, "exact_match"},
    {"not_match,partial_match,exact_match", 3, NULL, 2, 1, MGEO_OK, "not_match"},
    {"exact_match,not_match,partial_match", 3, NULL, 0, 2, MGEO_OK, "exact_match"},
    {"exact_match,not_match,partial_match", 3, "exact_match", 0, 2, MGEO_OK, "exact_match"},
    {"exact_match,not_match,partial_match", 3, "partial_match", 2, -1, MGEO_OK, "exact_match"},
    {"EXACT_MATCH,NOT_MATCH", 2, NULL, 0, -1, MGEO_OK, "EXACT_MATCH"},
    {"Yes,No", 2, NULL, 0, -1, MGEO_OK, "Yes"},
    {"True,False", 2, NULL, 0, -1, MGEO_OK, "True"},
    {"Match,No Match", 2, NULL, 0, -1, MGEO_OK, "Match"},
    {"exact match,not match", 2, NULL, 0, -1, MGEO_OK, "exact match"},
    {"ExactMatch,Non-Match", 2, NULL, 0, -1, MGEO_OK, "ExactMatch"},
    {"matched,unmatched", 2, NULL, 0, -1, MGEO_OK, "matched"},
    {"positive,negative", 2, NULL, 0, -1, MGEO_OK, "positive"},
    {"negative,positive", 2, NULL, 1, -1, MGEO_OK, "negative"},
    {"Y,N", 2, NULL, 0, -1, MGEO_OK, "Y"},
    {"ＹＥＳ,ＮＯ", 2, NULL, 0, -1, MGEO_OK, "ＹＥＳ"},
    {"是,否", 2, NULL, 0, -1, MGEO_OK, "是"},
    {"是,不是", 2, NULL, 0, -1, MGEO_OK, "是"},
    {"相同,不同", 2, NULL, 0, -1, MGEO_OK, "相同"},
    {"匹配,不匹配", 2, NULL, 0, -1, MGEO_OK, "匹配"},
    {"同一地址,不是同一地址", 2, NULL, 0, -1, MGEO_OK, "同一地址"},
    {"地址一致,地址不一致", 2, NULL, 0, -1, MGEO_OK, "地址一致"},
    {"不同地址,同一地址", 2, NULL, 1, -1, MGEO_OK, "不同地址"},
    {"duplicate,not_duplicate", 2, NULL, 0, -1, MGEO_OK, "duplicate"},
    {"is_duplicate,is_not_duplicate", 2, NULL, 0, -1, MGEO_OK, "is_duplicate"},
    {"equivalent,not_equivalent", 2, NULL, 0, -1, MGEO_OK, "equivalent"},
    {"entailment,not_entailment", 2, NULL, 0, -1, MGEO_OK, "entailment"},
    {"same_address,different_address", 2, NULL, 0, -1, MGEO_OK, "same_address"},
    {"similar,dissimilar", 2, NULL, 0, -1, MGEO_OK, "similar"},
    {"a,Not-Match", 2, NULL, 0, -1, MGEO_OK, "a"},
    {"1,-1", 2, NULL, 0, -1, MGEO_OK, "1"},
    {"LABEL_1,LABEL_0", 2, NULL, 0, -1, MGEO_OK, "LABEL_1"},
    {"LABEL_0,LABEL_1", 2, NULL, 1, -1, MGEO_OK, "LABEL_0"},
    {"class 1,class 0", 2, NULL, 0, -1, MGEO_OK, "class 1"},
    {"Exact-Match,Partial Match", 2, NULL, 0, 1, MGEO_OK, "Exact-Match"},
    {"Exact_Match,Partial-Match,Not Match", 3, NULL, 0, 1, MGEO_OK, "Exact_Match"},
    {"NOT_MATCH,PARTIAL_MATCH,EXACT_MATCH", 3, NULL, 2, 1, MGEO_OK, "NOT_MATCH"},
    {"不匹配,完全匹配,部分匹配", 3, NULL, 1, 2, MGEO_OK, "不匹配"},
    {"entailment,neutral,contradiction", 3, NULL, 0, 0, MGEO_E_ARGUMENT, "positive_label: needed"},
    {"0,1,2", 3, NULL, 0, 0, MGEO_E_ARGUMENT, "positive_label: needed"},
    {"same,not_same,neither,partly", 4, NULL, 0, 0, MGEO_E_ARGUMENT, "positive_label: needed"},
    {"a,b,c", 3, "c", 2, -1, MGEO_OK, "a"},
    {"", 3, "LABEL_2", 2, -1, MGEO_OK, "LABEL_0"},
    {"a,b,c", 3, NULL, 0, 0, MGEO_E_ARGUMENT, "positive_label: needed"},
    {"", 3, NULL, 0, 0, MGEO_E_ARGUMENT, "the labels are LABEL_0, LABEL_1, LABEL_2"},
    {"a,b,exact_match,d", 4, NULL, 0, 0, MGEO_E_ARGUMENT, "positive_label: needed"},
    {"a,b", 2, "c", 0, 0, MGEO_E_ARGUMENT, "no label has that name; the labels are a, b"},
    {"", 1, "score", 0, 0, MGEO_E_ARGUMENT, "one output takes none"},
    {"a,b", 3, NULL, 0, 0, MGEO_E_FORMAT,
     "config.json: id2label: names 2 labels, but tensor classifier.weight has 3 rows"},
    {"a,b", 1, NULL, 0, 0, MGEO_E_FORMAT, "names 2 labels"},
};

static void decides_by_names(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const mgi_config config = named(cases[i].names);
        const mgi_model_options options = {.positive_label = cases[i].asked};
        mgi_labels labels;
        mgeo_error error = {0};
        mgeo_status status =
            mgi_labels_decide(&labels, &config, cases[i].outputs, &options, "dir", &error);
        if (status != cases[i].status) fail_msg("case %zu: %d %s", i, status, error.message);
        if (status != MGEO_OK) {
            check_line(&error, cases[i].part);
            continue;
        }
        assert_int_equal(labels.count, cases[i].outputs);
        assert_int_equal(labels.positive, cases[i].positive);
        assert_int_equal(labels.partial, cases[i].partial);
        assert_string_equal(labels.names[0], cases[i].part);
    }
}

static void says_when_the_names_do_not(void **state) {
    (void)state;
    static const struct {
        const char *names, *asked;
        bool told;
    } guesses[] = {
        {"a,b", NULL, true},
        {"yes,true", NULL, true},
        {"no,false", NULL, true},
        {"a,b", "b", false},
        {"a,b", "a", false},
        {"Yes,No", NULL, false},
        {"LABEL_0,LABEL_1", NULL, false},
        {"LABEL_1,LABEL_2", NULL, true},
        {"", NULL, false},
        {"other,Not Match", NULL, false},
    };
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        const mgi_config config = named(guesses[i].names);
        const mgi_model_options options = {.positive_label = guesses[i].asked};
        mgi_labels labels;
        char line[256];
        assert_int_equal(mgi_labels_decide(&labels, &config, 2, &options, "dir", NULL), MGEO_OK);
        mgi_labels_warn(&labels, line, sizeof line);
        if ((line[0] != '\0') != guesses[i].told) fail_msg("case %zu: %s", i, line);
        if (!guesses[i].told) continue;
        assert_int_equal(labels.positive, 1);
        assert_non_null(strstr(line, "do not say which means a match: number 1 is taken"));
        assert_non_null(strstr(line, "positive_label"));
    }
}

static void ignores_labels_of_a_ranking_task(void **state) {
    (void)state;
    mgi_config config = named("a,b");
    const mgi_model_options options = {0};
    mgi_labels labels;
    mgeo_error error;
    config.ranks = true;
    assert_int_equal(mgi_labels_decide(&labels, &config, 1, &options, "dir", &error), MGEO_OK);
    assert_string_equal(labels.names[0], "score");
}

static mgi_labels three(float weight) {
    const mgi_config config = named("not_match,partial_match,exact_match");
    const mgi_model_options options = {.partial_weight = weight};
    mgi_labels labels;
    assert_int_equal(mgi_labels_decide(&labels, &config, 3, &options, "dir", NULL), MGEO_OK);
    return labels;
}

static void weighs_partial_matches(void **state) {
    (void)state;
    assert_true(three(0.0f).partial_weight == 0.5f);
    assert_true(three(0.25f).partial_weight == 0.25f);
    assert_true(three(1.0f).partial_weight == 1.0f);
    assert_true(three(-1.0f).partial_weight == 0.0f);
    const mgi_config config = named("a,b");
    mgi_labels labels;
    mgeo_error error;
    mgi_model_options options = {.partial_weight = 1.5f};
    assert_int_equal(mgi_labels_decide(&labels, &config, 2, &options, "dir", &error),
                     MGEO_E_ARGUMENT);
    check_line(&error, "partial_weight: 1.5");
    options.partial_weight = NAN;
    assert_int_equal(mgi_labels_decide(&labels, &config, 2, &options, "dir", &error),
                     MGEO_E_ARGUMENT);
}

static void three_logits_become_probabilities_and_a_similarity(void **state) {
    (void)state;
    const mgi_labels labels = three(0.5f);
    const float logits[] = {0.0f, 1.0f, 2.0f};
    float shares[3], similarity;
    int32_t label;
    assert_true(mgi_labels_score(&labels, logits, shares, &label, &similarity));
    double sum = 1.0 + exp(1.0) + exp(2.0);
    assert_true(fabs(shares[0] - 1.0 / sum) < 1e-6);
    assert_true(fabs(shares[2] - exp(2.0) / sum) < 1e-6);
    assert_int_equal(label, 2);
    assert_true(fabs(similarity - (exp(2.0) + 0.5 * exp(1.0)) / sum) < 1e-6);
    assert_true(mgi_labels_score(&labels, logits, NULL, NULL, &similarity));
}

static void large_logits_do_not_overflow(void **state) {
    (void)state;
    const mgi_labels labels = three(0.5f);
    const float logits[] = {3e38f, -3e38f, 3e38f};
    float shares[3], similarity;
    int32_t label;
    assert_true(mgi_labels_score(&labels, logits, shares, &label, &similarity));
    assert_true(shares[0] == 0.5f && shares[1] == 0.0f && shares[2] == 0.5f);
    assert_int_equal(label, 0);
    assert_true(similarity == 0.5f);
}

static void one_logit_becomes_its_sigmoid(void **state) {
    (void)state;
    const mgi_labels labels = {.count = 1, .positive = -1, .partial = -1};
    const float logits[] = {0.0f, 4.0f, -200.0f, 200.0f};
    const double expected[] = {0.5, 1.0 / (1.0 + exp(-4.0)), 0.0, 1.0};
    for (int i = 0; i < 4; i++) {
        float share, similarity;
        int32_t label;
        assert_true(mgi_labels_score(&labels, &logits[i], &share, &label, &similarity));
        assert_int_equal(label, 0);
        assert_true(fabs(similarity - expected[i]) < 1e-6);
        assert_true(share == similarity);
    }
}

static void flags_what_is_not_finite(void **state) {
    (void)state;
    const mgi_labels labels = three(0.5f);
    const float values[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        const float logits[] = {0.0f, values[i], 0.0f};
        float shares[3] = {0}, similarity = 0;
        int32_t label = 0;
        assert_false(mgi_labels_score(&labels, logits, shares, &label, &similarity));
        assert_true(isnan(shares[0]) && isnan(shares[2]) && isnan(similarity));
        assert_int_equal(label, -1);
        assert_false(mgi_labels_score(&labels, logits, NULL, NULL, &similarity));
    }
}

/* ---- texts that differ in what the model cannot see ------------------------------------------ */

static const struct {
    const char *names;
    uint32_t outputs;
    const char *asked;
    bool caps;
    int32_t same, near;
} cap_cases[] = {
    {"", 1, NULL, true, -1, -1},
    {"", 2, NULL, true, 1, -1},
    {"a,b", 2, "a", true, 0, -1},
    {"match,not_match", 2, NULL, true, 0, -1},
    {"match,not_match", 2, "not_match", true, 0, -1}, /* who asks for the opposite gets it right */
    {"no,a", 2, "no", true, 1, -1},
    {"exact_match,partial_match", 2, NULL, true, 0, 1},
    {"exact_match,not_match,partial_match", 3, NULL, true, 0, 2},
    {"exact_match,not_match,partial_match", 3, "partial_match", true, 0, 2},
    {"exact_match,not_match,partial_match", 3, "not_match", true, 0, 2},
    {"not_match,a,b", 3, "b", true, 2, -1},
    {"Match,No Match", 2, "No Match", true, 0, -1},
    {"Exact-Match,Not Match,Partial Match", 3, "Not Match", true, 0, 2},
    {"0,1,2", 3, "2", true, 2, -1},
    {"different,a,b", 3, "different", false, 0, -1}, /* no label is known to mean a match */
};

static void finds_what_unseen_differences_rule_out(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cap_cases / sizeof *cap_cases; i++) {
        const mgi_config config = named(cap_cases[i].names);
        mgi_model_options options = {.positive_label = cap_cases[i].asked};
        mgi_labels labels;
        assert_int_equal(
            mgi_labels_decide(&labels, &config, cap_cases[i].outputs, &options, "dir", NULL),
            MGEO_OK);
        if (labels.caps != cap_cases[i].caps || labels.same != cap_cases[i].same ||
            labels.near != cap_cases[i].near) {
            fail_msg("case %zu: %d %d %d", i, labels.caps, labels.same, labels.near);
        }
        options.keep_unknown = true;
        mgi_labels_decide(&labels, &config, cap_cases[i].outputs, &options, "dir", NULL);
        assert_false(labels.caps);
    }
}

static void an_exact_match_becomes_a_partial_one(void **state) {
    (void)state;
    mgi_labels labels = three(0.5f);
    const float logits[] = {0.0f, 1.0f, 2.0f};
    float whole[3], shares[3], similarity;
    int32_t label;
    bool capped;
    mgi_labels_score(&labels, logits, whole, &label, &similarity);
    assert_true(mgi_labels_score_apart(&labels, logits, shares, &label, &similarity, &capped));
    assert_true(capped);
    assert_int_equal(label, 1);
    assert_true(shares[0] == whole[0] && shares[2] == 0);
    assert_true(fabs(shares[1] - whole[1] - whole[2]) < 1e-6);
    assert_true(fabs(similarity - 0.5 * shares[1]) < 1e-6);
    const float unlike[] = {3.0f, 1.0f, 2.0f};
    assert_true(mgi_labels_score_apart(&labels, unlike, shares, &label, &similarity, &capped));
    assert_false(capped);
    assert_int_equal(label, 0);
    assert_true(shares[2] == 0);
    labels.caps = false;
    assert_true(mgi_labels_score_apart(&labels, logits, shares, &label, &similarity, &capped));
    assert_false(capped);
    assert_memory_equal(shares, whole, sizeof shares);
    assert_int_equal(label, 2);
}

/* However sure the model is. */
static void without_a_partial_match_half_is_taken(void **state) {
    (void)state;
    const mgi_config config = named("");
    const mgi_model_options options = {.positive_label = "LABEL_1"};
    for (uint32_t outputs = 2; outputs <= 4; outputs++) {
        mgi_labels labels;
        mgi_labels_decide(&labels, &config, outputs, &options, "dir", NULL);
        for (float logit = -4; logit <= 512; logit = logit < 4 ? logit + 1 : logit * 2) {
            const float logits[] = {-1.0f, logit, -2.0f, 0.0f};
            float whole[4], shares[4], before, similarity, sum = 0;
            int32_t label, was;
            bool capped;
            mgi_labels_score(&labels, logits, whole, &was, &before);
            assert_true(
                mgi_labels_score_apart(&labels, logits, shares, &label, &similarity, &capped));
            for (uint32_t i = 0; i < outputs; i++) sum += shares[i];
            assert_true(fabsf(sum - 1) < 1e-6f);
            assert_true(similarity < 0.5f && fabsf(similarity - before / 2) < 1e-6f);
            assert_int_equal(label, outputs == 4 ? 3 : 0);
            assert_int_equal(capped, was == 1);
        }
    }
}

static void one_logit_is_halved(void **state) {
    (void)state;
    const mgi_labels labels = {.count = 1, .positive = -1, .partial = -1, .caps = true};
    const float logits[] = {-1.0f, 0.0f, 4.0f, 200.0f};
    for (int i = 0; i < 4; i++) {
        float whole, share, similarity;
        int32_t label;
        bool capped;
        mgi_labels_score(&labels, &logits[i], NULL, NULL, &whole);
        assert_true(
            mgi_labels_score_apart(&labels, &logits[i], &share, &label, &similarity, &capped));
        assert_int_equal(label, 0);
        assert_true(share == similarity && similarity < 0.5f);
        assert_true(fabsf(similarity - whole / 2) < 1e-6f);
        assert_int_equal(capped, whole >= 0.5f);
    }
    const float nothing = NAN;
    float similarity = 0;
    bool capped = true;
    assert_false(mgi_labels_score_apart(&labels, &nothing, NULL, NULL, &similarity, &capped));
    assert_true(isnan(similarity) && !capped);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_by_names),
        cmocka_unit_test(says_when_the_names_do_not),
        cmocka_unit_test(ignores_labels_of_a_ranking_task),
        cmocka_unit_test(weighs_partial_matches),
        cmocka_unit_test(three_logits_become_probabilities_and_a_similarity),
        cmocka_unit_test(large_logits_do_not_overflow),
        cmocka_unit_test(one_logit_becomes_its_sigmoid),
        cmocka_unit_test(flags_what_is_not_finite),
        cmocka_unit_test(finds_what_unseen_differences_rule_out),
        cmocka_unit_test(an_exact_match_becomes_a_partial_one),
        cmocka_unit_test(without_a_partial_match_half_is_taken),
        cmocka_unit_test(one_logit_is_halved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
