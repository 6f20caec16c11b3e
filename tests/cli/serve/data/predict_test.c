/* SPDX-License-Identifier: Apache-2.0 */
/* POST /predict: one pair or a list of them, labels by their probability. */
#include "exchange_check.h"

#define PATH "/predict"

static void predicts_one(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(&check, PATH, "{\"inputs\": [\"a\", \"b\"]}"));
    exchange_check_pairs(&check, "a|b;");
    exchange_check_render(&check, PATH, 0);
    exchange_check_answer(&check, 200,
                          "[{\"score\":0.899999976,\"label\":\"exact_match\"},"
                          "{\"score\":0.000000000,\"label\":\"partial_match\"},"
                          "{\"score\":0.000000000,\"label\":\"not_match\"}]\n");
    exchange_check_finish(&check);
}

static void predicts_many(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(&check, PATH, "{\"inputs\": [[\"a\", \"b\"], [\"c\", \"\"]]}"));
    exchange_check_pairs(&check, "a|b;c|;");
    exchange_check_render(&check, PATH, MGEO_ROW_EMPTY);
    exchange_check_answer(&check, 200,
                          "[[{\"score\":0.899999976,\"label\":\"exact_match\"},"
                          "{\"score\":0.000000000,\"label\":\"partial_match\"},"
                          "{\"score\":0.000000000,\"label\":\"not_match\"}],"
                          "[{\"score\":null,\"label\":null,\"flags\":[\"empty\"]}]]\n");
    exchange_check_finish(&check);
}

static void sorts_and_takes_logarithms(void **state) {
    (void)state;
    struct exchange_check check;
    float similarity[] = {0.5f}, probabilities[] = {0.25f, 0.25f, 0.5f};
    int32_t label[] = {2};
    uint32_t flags[] = {MGEO_ROW_TRUNCATED};
    mgeo_model_info info = {.label_count = 3, .labels = {"x", "y", "z"}};
    const struct data_scores scores = {similarity, label, probabilities, flags, &info};
    assert_true(
        exchange_check_send(&check, PATH, "{\"raw_scores\": true, \"inputs\": [\"a\", \"b\"]}"));
    exchange_check_route(PATH)->render(&check.call, &scores, &check.answer);
    exchange_check_answer(&check, 200,
                          "[{\"score\":-0.693147182,\"label\":\"z\"},"
                          "{\"score\":-1.38629436,\"label\":\"x\"},"
                          "{\"score\":-1.38629436,\"label\":\"y\"}]\n");
    exchange_check_finish(&check);
}

static void takes_log_odds_of_one_label(void **state) {
    (void)state;
    struct exchange_check check;
    float score = 0.75f;
    int32_t label = 0;
    uint32_t flags = 0;
    mgeo_model_info info = {.label_count = 1, .labels = {"score"}};
    const struct data_scores scores = {&score, &label, &score, &flags, &info};
    assert_true(
        exchange_check_send(&check, PATH, "{\"raw_scores\": true, \"inputs\": [[\"a\", \"b\"]]}"));
    exchange_check_route(PATH)->render(&check.call, &scores, &check.answer);
    exchange_check_answer(&check, 200, "[[{\"score\":1.09861231,\"label\":\"score\"}]]\n");
    exchange_check_finish(&check);
}

static const struct exchange_check_refusal refused[] = {
    {"{\"inputs\": [\"a\", \"b\"", 400, "malformed_json", NULL, -1},
    {"{\"inputs\": [[\"a\", \"b\"]", 400, "malformed_json", NULL, -1},
    {"{\"inputs\": [\"a\", \"b\"], \"inputs\": []}", 400, "duplicate_field", "inputs", -1},
    {"1", 422, "wrong_type", NULL, -1},
    {"{}", 422, "missing_field", "inputs", -1},
    {"{\"inputs\": \"a\"}", 422, "bad_pair", "inputs", -1},
    {"{\"inputs\": [\"a\"]}", 422, "bad_pair", "inputs", -1},
    {"{\"inputs\": [\"a\", \"b\", \"c\"]}", 422, "bad_pair", "inputs", -1},
    {"{\"inputs\": []}", 422, "wrong_type", "inputs", -1},
    {"{\"inputs\": {}}", 422, "wrong_type", "inputs", -1},
    {"{\"inputs\": null}", 422, "wrong_type", "inputs", -1},
    {"{\"inputs\": [null]}", 422, "wrong_type", "inputs", -1},
    {"{\"inputs\": [[\"a\", \"b\"], \"c\"]}", 422, "wrong_type", "inputs[1]", 1},
    {"{\"inputs\": [[\"a\", \"b\"], [\"c\"]]}", 422, "bad_pair", "inputs[1]", 1},
    {"{\"inputs\": [[]]}", 422, "bad_pair", "inputs[0]", 0},
    {"{\"inputs\": [\"a\", \"b\"], \"texts\": []}", 422, "unknown_field", "texts", -1},
    {"{\"inputs\": [\"a\", \"b\"], \"raw_scores\": null}", 422, "wrong_type", "raw_scores", -1},
};

static void refuses_other_bodies(void **state) {
    (void)state;
    exchange_check_refused_all(PATH, refused, sizeof refused / sizeof *refused);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predicts_one),
        cmocka_unit_test(predicts_many),
        cmocka_unit_test(sorts_and_takes_logarithms),
        cmocka_unit_test(takes_log_odds_of_one_label),
        cmocka_unit_test(refuses_other_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
