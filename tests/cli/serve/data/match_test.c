/* SPDX-License-Identifier: Apache-2.0 */
/* POST /match: which bodies are pairs, which errors others get, and what pairs are answered with.
 */
#include "exchange_check.h"

#include <stdio.h>
#include <string.h>

#define PATH "/match"
#define MODEL "\"model\":{\"version\":\"v1\",\"slot\":\"blue\",\"generation\":3}}\n"

static void reads_one_pair(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(
        &check, PATH, " {\"address2\": \"\\u5317\\n\", \"address1\": \"\xE5\x8C\x97\"}\n"));
    exchange_check_pairs(&check, "北|北\n;");
    exchange_check_render(&check, PATH, 0);
    exchange_check_answer(&check, 200,
                          "{\"similarity\":0.9000,\"label\":\"exact_match\",\"probabilities\":{"
                          "\"exact_match\":0.9000,\"partial_match\":0.0000,\"not_match\":0.0000},"
                          "\"flags\":[]," MODEL);
    exchange_check_finish(&check);
}

static void reads_many(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(
        &check, PATH, "{\"pairs\": [[\"a\", \"b\"], {\"address1\": \"c\", \"address2\": \"\"}]}"));
    exchange_check_pairs(&check, "a|b;c|;");
    exchange_check_render(&check, PATH, MGEO_ROW_EMPTY | MGEO_ROW_TRUNCATED);
    exchange_check_answer(&check, 200,
                          "{\"results\":[{\"similarity\":0.9000,\"label\":\"exact_match\","
                          "\"probabilities\":{\"exact_match\":0.9000,\"partial_match\":0.0000,"
                          "\"not_match\":0.0000},\"flags\":[]},{\"similarity\":null,\"label\":null,"
                          "\"probabilities\":null,\"flags\":[\"truncated\",\"empty\"]}]," MODEL);
    exchange_check_finish(&check);
}

static void reads_no_pairs(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(&check, PATH, "{\"pairs\": []}"));
    exchange_check_pairs(&check, "");
    exchange_check_render(&check, PATH, 0);
    exchange_check_answer(&check, 200, "{\"results\":[]," MODEL);
    exchange_check_finish(&check);
}

static void writes_as_many_digits_as_asked(void **state) {
    (void)state;
    static const struct {
        const char *query, *wanted;
    } queries[] = {{"digits=4", "0.9000"},
                   {"digits=6", "0.900000"},
                   {"x=1&digits=9", "0.899999976"},
                   {"digit=3&digits=5", "0.90"},
                   {"trace&digits=7", "0.9000000"}};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct exchange_check check;
        exchange_check_begin(&check, "application/json", queries[i].query,
                             "{\"pairs\":[[\"a\",\"b\"]]}", 21);
        assert_true(exchange_check_parse(&check, PATH));
        exchange_check_render(&check, PATH, 0);
        assert_non_null(strstr(check.answer.body.bytes, queries[i].wanted));
        exchange_check_finish(&check);
    }
}

static void refuses_other_digits(void **state) {
    (void)state;
    static const char *const queries[] = {"digits=3",  "digits=10", "digits=",          "digits",
                                          "digits=+5", "digits=a",  "digits=4&digits=5"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct exchange_check check;
        exchange_check_begin(&check, "application/json", queries[i], "{\"pairs\":[]}", 12);
        assert_false(exchange_check_parse(&check, PATH));
        exchange_check_error(&check, 422, "bad_parameter", "digits", -1);
        exchange_check_finish(&check);
    }
}

static const struct exchange_check_refusal refused[] = {
    {"", 400, "malformed_json", NULL, -1},
    {"{", 400, "malformed_json", NULL, -1},
    {"{} {}", 400, "malformed_json", NULL, -1},
    {"{\"pairs\": [[\"a\", \"b\"]", 400, "malformed_json", NULL, -1},
    {"{\"pairs\": [[\"a\", \"b\"", 400, "malformed_json", NULL, -1},
    {"{\"pairs\": [[\"a\", \"\xFF\"]]}", 400, "malformed_json", NULL, -1},
    {"{\"address1\": \"\\ud800\", \"address2\": \"b\"}", 400, "malformed_json", NULL, -1},
    {"{\"address1\": \"a\", \"address1\": \"b\"}", 400, "duplicate_field", "address1", -1},
    {"{\"pairs\": [], \"pairs\": []}", 400, "duplicate_field", "pairs", -1},
    {"{\"pairs\": [{\"address1\": \"a\", \"address1\": \"a\"}]}", 400, "duplicate_field",
     "pairs[0].address1", 0},
    {"[]", 422, "wrong_type", NULL, -1},
    {"\"a\"", 422, "wrong_type", NULL, -1},
    {"null", 422, "wrong_type", NULL, -1},
    {"{}", 422, "missing_field", "address1", -1},
    {"{\"address1\": \"a\"}", 422, "missing_field", "address2", -1},
    {"{\"address2\": \"a\"}", 422, "missing_field", "address1", -1},
    {"{\"address1\": null, \"address2\": \"b\"}", 422, "wrong_type", "address1", -1},
    {"{\"address1\": \"a\", \"address2\": 1}", 422, "wrong_type", "address2", -1},
    {"{\"address1\": \"a\", \"address2\": \"b\", \"pairs\": []}", 422, "conflicting_fields",
     "pairs", -1},
    {"{\"address1\": \"a\", \"pairs\": []}", 422, "conflicting_fields", "pairs", -1},
    {"{\"a\\u0000\": 1}", 422, "unknown_field", "a", -1},
    {"{\"address1\": \"a\", \"address2\": \"b\", \"digits\": 6}", 422, "unknown_field", "digits",
     -1},
    {"{\"Address1\": \"a\", \"address2\": \"b\"}", 422, "unknown_field", "Address1", -1},
    {"{\"pairs\": {}}", 422, "wrong_type", "pairs", -1},
    {"{\"pairs\": \"ab\"}", 422, "wrong_type", "pairs", -1},
    {"{\"pairs\": [\"ab\"]}", 422, "wrong_type", "pairs[0]", 0},
    {"{\"pairs\": [[\"a\", \"b\"], [\"a\"]]}", 422, "bad_pair", "pairs[1]", 1},
    {"{\"pairs\": [[\"a\", \"b\", \"c\"]]}", 422, "bad_pair", "pairs[0]", 0},
    {"{\"pairs\": [[\"a\", 2]]}", 422, "bad_pair", "pairs[0]", 0},
    {"{\"pairs\": [[]]}", 422, "bad_pair", "pairs[0]", 0},
    {"{\"pairs\": [{\"address1\": \"a\"}]}", 422, "missing_field", "pairs[0].address2", 0},
    {"{\"pairs\": [{\"address1\": \"a\", \"address2\": []}]}", 422, "wrong_type",
     "pairs[0].address2", 0},
    {"{\"pairs\": [{\"address1\": \"a\", \"address2\": \"b\", \"id\": 1}]}", 422, "unknown_field",
     "pairs[0].id", 0},
};

static void refuses_other_bodies(void **state) {
    (void)state;
    exchange_check_refused_all(PATH, refused, sizeof refused / sizeof *refused);
}

static void refuses_too_many(void **state) {
    (void)state;
    char json[32 + CHECK_MOST_PAIRS * 10] = "{\"pairs\":[";
    for (int i = 0; i <= CHECK_MOST_PAIRS; i++) strcat(json, "[\"a\",\"b\"],");
    strcpy(strrchr(json, ','), "]}");
    exchange_check_refused(PATH, json, 422, "too_many_pairs", NULL, CHECK_MOST_PAIRS);
}

/* A field's name is shown in part, whole characters of it. */
static void cuts_long_names(void **state) {
    (void)state;
    char json[512] = "{\"";
    for (int i = 0; i < 100; i++) strcat(json, "号");
    strcat(json, "\": 1}");
    struct exchange_check check;
    assert_false(exchange_check_send(&check, PATH, json));
    const char *field = strstr(check.answer.body.bytes, "\"field\": ");
    assert_non_null(field);
    assert_null(strstr(check.answer.body.bytes, "ufffd"));
    assert_int_equal(strcspn(field + 10, "\""), 63);
    exchange_check_finish(&check);
}

static void checks_the_type(void **state) {
    (void)state;
    static const struct {
        const char *type;
        bool taken;
    } types[] = {
        {"application/json", true},
        {"Application/JSON", true},
        {"application/json; charset=utf-8", true},
        {"application/json;charset=\"UTF-8\"", true},
        {"application/json ; v=1 ; charset=utf8", true},
        {"application/json; charset=gbk", false},
        {"application/json; charset=utf-8; charset=latin-1", false},
        {"application/json; charset=", false},
        {"application/jsonx", false},
        {"text/json", false},
        {"application/x-www-form-urlencoded", false},
        {"", false},
        {NULL, false},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct exchange_check check;
        exchange_check_begin(&check, types[i].type, NULL, "{\"pairs\":[]}", 12);
        assert_int_equal(exchange_check_parse(&check, PATH), types[i].taken);
        if (!types[i].taken) {
            exchange_check_error(&check, 415, "unsupported_media_type", "Content-Type", -1);
        }
        exchange_check_finish(&check);
    }
}

static void refuses_compressed_bodies(void **state) {
    (void)state;
    struct exchange_check check;
    exchange_check_begin(&check, "application/json", NULL, "{\"pairs\":[]}", 12);
    exchange_check_header(&check, "Content-Encoding", "gzip");
    assert_false(exchange_check_parse(&check, PATH));
    exchange_check_error(&check, 415, "unsupported_media_type", "Content-Encoding", -1);
    exchange_check_finish(&check);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_pair),       cmocka_unit_test(reads_many),
        cmocka_unit_test(reads_no_pairs),       cmocka_unit_test(writes_as_many_digits_as_asked),
        cmocka_unit_test(refuses_other_digits), cmocka_unit_test(refuses_other_bodies),
        cmocka_unit_test(refuses_too_many),     cmocka_unit_test(cuts_long_names),
        cmocka_unit_test(checks_the_type),      cmocka_unit_test(refuses_compressed_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
