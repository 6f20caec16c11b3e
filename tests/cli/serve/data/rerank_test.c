/* SPDX-License-Identifier: Apache-2.0 */
/* POST /rerank: the request in any order, its options, and the order of the answer. */
#include "exchange_check.h"

#include <string.h>

#define PATH "/rerank"

static void sorts_best_first(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(
        exchange_check_send(&check, PATH, "{\"texts\": [\"a\", \"b\", \"c\"], \"query\": \"q\"}"));
    exchange_check_pairs(&check, "q|a;q|b;q|c;");
    exchange_check_render(&check, PATH, 0);
    exchange_check_answer(
        &check, 200,
        "[{\"index\":0,\"score\":0.899999976},{\"index\":1,\"score\":0.799999952},"
        "{\"index\":2,\"score\":0.699999988}]\n");
    exchange_check_finish(&check);
}

static void sorts_worst_last(void **state) {
    (void)state;
    struct exchange_check check;
    float similarity[] = {0.25f, 0.5f, 0.5f, 0}, probabilities[12] = {0};
    int32_t label[4] = {0};
    uint32_t flags[] = {0, 0, 0, MGEO_ROW_EMPTY};
    mgeo_model_info info = {.label_count = 3};
    const struct data_scores scores = {similarity, label, probabilities, flags, &info};
    assert_true(exchange_check_send(&check, PATH,
                                    "{\"query\": \"q\", \"texts\": [\"a\\\"\", \"b\", \"c\", \"\"],"
                                    " \"return_text\": true, \"raw_scores\": false}"));
    exchange_check_route(PATH)->render(&check.call, &scores, &check.answer);
    exchange_check_answer(&check, 200,
                          "[{\"index\":1,\"text\":\"b\",\"score\":0.500000000},"
                          "{\"index\":2,\"text\":\"c\",\"score\":0.500000000},"
                          "{\"index\":0,\"text\":\"a\\\"\",\"score\":0.250000000},"
                          "{\"index\":3,\"text\":\"\",\"score\":null,\"flags\":[\"empty\"]}]\n");
    exchange_check_finish(&check);
}

static void tells_log_odds(void **state) {
    (void)state;
    struct exchange_check check;
    float similarity[] = {1, 0.5f, 0}, probabilities[9] = {0};
    int32_t label[3] = {0};
    uint32_t flags[3] = {0};
    mgeo_model_info info = {.label_count = 3};
    const struct data_scores scores = {similarity, label, probabilities, flags, &info};
    assert_true(exchange_check_send(
        &check, PATH,
        "{\"query\": \"q\", \"texts\": [\"a\", \"b\", \"c\"], \"raw_scores\": true}"));
    exchange_check_route(PATH)->render(&check.call, &scores, &check.answer);
    exchange_check_answer(&check, 200,
                          "[{\"index\":0,\"score\":17.32868},{\"index\":1,\"score\":0},"
                          "{\"index\":2,\"score\":-87.3365479}]\n");
    exchange_check_finish(&check);
}

static void cuts_unless_told_not_to(void **state) {
    (void)state;
    static const struct {
        const char *json;
        bool cut;
    } requests[] = {
        {"{\"query\": \"q\", \"texts\": [\"a\"]}", true},
        {"{\"query\": \"q\", \"texts\": [\"a\"], \"truncate\": null}", true},
        {"{\"query\": \"q\", \"texts\": [\"a\"], \"truncate\": true,"
         " \"truncation_direction\": \"Right\"}",
         true},
        {"{\"query\": \"q\", \"texts\": [\"a\"], \"truncate\": false}", false},
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct exchange_check check;
        assert_true(exchange_check_send(&check, PATH, requests[i].json));
        exchange_check_render(&check, PATH, MGEO_ROW_TRUNCATED);
        if (requests[i].cut) {
            assert_int_equal(check.answer.status, 200);
        } else {
            exchange_check_error(&check, 422, "too_long", NULL, 0);
            assert_non_null(strstr(check.answer.body.bytes, "\"limit\": 128"));
        }
        exchange_check_finish(&check);
    }
}

static const struct exchange_check_refusal refused[] = {
    {"{\"query\": \"q\", \"texts\": [\"a\"}", 400, "malformed_json", NULL, -1},
    {"{\"query\": \"q\", \"texts\": [\"a\"]} x", 400, "malformed_json", NULL, -1},
    {"{\"query\": \"q\", \"query\": \"q\"}", 400, "duplicate_field", "query", -1},
    {"[]", 422, "wrong_type", NULL, -1},
    {"{}", 422, "missing_field", "query", -1},
    {"{\"query\": \"q\"}", 422, "missing_field", "texts", -1},
    {"{\"texts\": [\"a\"]}", 422, "missing_field", "query", -1},
    {"{\"query\": \"q\", \"texts\": []}", 422, "no_texts", "texts", -1},
    {"{\"query\": [\"q\"], \"texts\": [\"a\"]}", 422, "wrong_type", "query", -1},
    {"{\"query\": \"q\", \"texts\": \"a\"}", 422, "wrong_type", "texts", -1},
    {"{\"query\": \"q\", \"texts\": [\"a\", 1]}", 422, "wrong_type", "texts[1]", 1},
    {"{\"query\": \"q\", \"texts\": [\"a\", [\"b\"]]}", 422, "wrong_type", "texts[1]", 1},
    {"{\"query\": \"q\", \"texts\": [\"a\"], \"raw_scores\": 1}", 422, "wrong_type", "raw_scores",
     -1},
    {"{\"query\": \"q\", \"texts\": [\"a\"], \"return_text\": null}", 422, "wrong_type",
     "return_text", -1},
    {"{\"query\": \"q\", \"texts\": [\"a\"], \"truncate\": \"no\"}", 422, "wrong_type", "truncate",
     -1},
    {"{\"query\": \"q\", \"texts\": [\"a\"], \"truncation_direction\": \"Left\"}", 422,
     "unsupported", "truncation_direction", -1},
    {"{\"query\": \"q\", \"texts\": [\"a\"], \"top_n\": 1}", 422, "unknown_field", "top_n", -1},
};

static void refuses_other_bodies(void **state) {
    (void)state;
    exchange_check_refused_all(PATH, refused, sizeof refused / sizeof *refused);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_best_first),     cmocka_unit_test(sorts_worst_last),
        cmocka_unit_test(tells_log_odds),       cmocka_unit_test(cuts_unless_told_not_to),
        cmocka_unit_test(refuses_other_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
