/* SPDX-License-Identifier: Apache-2.0 */
/* Open Inference Protocol: tensors as JSON and as binary data, and what is refused of them. */
#include "exchange_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/data/inference.h"

#define PATH "/v2/models/{model}/infer"
#define A "{\"name\":\"address1\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"a\",\"b\"]}"
#define B                                                                                          \
    "{\"name\":\"address2\",\"shape\":[2,1],\"datatype\":\"BYTES\",\"data\":[[\"c\"],[\"d\"]]}"
#define PAIRS                                                                                      \
    "{\"name\":\"pairs\",\"shape\":[2,2],\"datatype\":\"BYTES\",\"data\":[[\"a\",\"c\"],"          \
    "[\"b\",\"d\"]]}"
#define BYTES "\"datatype\":\"BYTES\""
#define SHAPE "\"shape\":[2,2]"
#define HEAD "{\"model_name\":\"mgeo\",\"model_version\":\"3\""
#define SIMILARITY                                                                                 \
    "{\"name\":\"similarity\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[0.899999976,"          \
    "0.799999952]}"

static void reads_inputs_in_every_form(void **state) {
    (void)state;
    static const char *const bodies[] = {
        "{\"inputs\":[" A "," B "]}",
        "{\"inputs\":[" B "," A "],\"parameters\":{\"priority\":1,\"x\":{\"y\":[]}}}",
        "{\"inputs\":[" PAIRS "],\"unknown\":[{}]}",
        "{\"inputs\":[{\"data\":[\"a\",\"c\",\"b\",\"d\"]," BYTES ",\"more\":1," SHAPE
        ",\"name\":\"pairs\",\"parameters\":{\"x\":1}}],\"outputs\":[]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct exchange_check check;
        assert_true(exchange_check_send(&check, PATH, bodies[i]));
        exchange_check_pairs(&check, "a|c;b|d;");
        exchange_check_finish(&check);
    }
}

static void reads_no_rows(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(&check, PATH,
                                    "{\"inputs\":[{\"name\":\"pairs\",\"shape\":[0,2],"
                                    "\"datatype\":\"BYTES\",\"data\":[]}],\"outputs\":[{"
                                    "\"name\":\"similarity\"}]}"));
    exchange_check_render(&check, PATH, 0);
    exchange_check_answer(&check, 200,
                          HEAD ",\"outputs\":[{\"name\":\"similarity\",\"datatype\":\"FP32\","
                               "\"shape\":[0],\"data\":[]}]}");
    exchange_check_finish(&check);
}

static void answers_all_outputs(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(&check, PATH, "{\"inputs\":[" PAIRS "]}"));
    exchange_check_render(&check, PATH, MGEO_ROW_UNKNOWN_CHARACTERS);
    exchange_check_answer(
        &check, 200,
        HEAD ",\"outputs\":[" SIMILARITY
             ",{\"name\":\"label\",\"datatype\":\"BYTES\",\"shape\":[2],\"data\":["
             "\"exact_match\",\"partial_match\"]},{\"name\":\"probabilities\",\"datatype\":"
             "\"FP32\",\"shape\":[2,3],\"data\":[0.899999976,0,0,0,0.799999952,0]},"
             "{\"name\":\"flags\",\"datatype\":\"UINT32\",\"shape\":[2],\"data\":[0,32]}]}");
    assert_null(check.answer.headers.bytes);
    exchange_check_finish(&check);
}

static void answers_what_is_asked_for(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(
        &check, PATH,
        "{\"outputs\":[{\"name\":\"flags\"},{\"name\":\"label\",\"parameters\":{\"binary_data\":"
        "false,\"x\":0}},{\"name\":\"similarity\"}],\"id\":\"n\\u00b0 1\",\"inputs\":[" PAIRS
        "]}"));
    exchange_check_render(&check, PATH, MGEO_ROW_EMPTY);
    exchange_check_answer(
        &check, 200,
        HEAD ",\"id\":\"n\xC2\xB0 1\",\"outputs\":["
             "{\"name\":\"flags\",\"datatype\":\"UINT32\",\"shape\":[2],\"data\":[0,4]},"
             "{\"name\":\"label\",\"datatype\":\"BYTES\",\"shape\":[2],\"data\":[\"exact_match\","
             "\"\"]},{\"name\":\"similarity\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":["
             "0.899999976,null]}]}");
    exchange_check_finish(&check);
}

/* ---- binary data ----------------------------------------------------------------------------- */

/* A body of JSON and what follows it. */
static void begin_binary(struct exchange_check *check, const char *json, const char *binary,
                         size_t length) {
    char body[1024], header[24];
    size_t json_length = strlen(json);
    memcpy(body, json, json_length);
    memcpy(body + json_length, binary, length);
    exchange_check_begin(check, "application/octet-stream", NULL, body, json_length + length);
    snprintf(header, sizeof header, "%zu", json_length);
    exchange_check_header(check, INFERENCE_LENGTH_HEADER, strdup(header));
}

static void finish_binary(struct exchange_check *check) {
    free((char *)(uintptr_t)check->headers[1].value.at);
    exchange_check_finish(check);
}

#define BINARY(name, shape, size)                                                                  \
    "{\"name\":\"" name "\",\"shape\":" shape ",\"datatype\":\"BYTES\",\"parameters\":{"           \
    "\"binary_data_size\":" size "}}"

static void reads_binary_data(void **state) {
    (void)state;
    struct exchange_check check;
    static const char binary[] = "\1\0\0\0a\3\0\0\0\xE5\x8C\x97\0\0\0\0\1\0\0\0\xFF";
    begin_binary(&check, "{\"inputs\":[" BINARY("pairs", "[2,2]", "21") "]}", binary,
                 sizeof binary - 1);
    assert_true(exchange_check_parse(&check, PATH));
    exchange_check_pairs(&check, "a|北;|\xFF;");
    finish_binary(&check);
}

/* One input in JSON, the other behind it; the first byte behind the JSON is data. */
static void reads_both_forms_together(void **state) {
    (void)state;
    struct exchange_check check;
    begin_binary(&check, "{\"inputs\":[" A "," BINARY("address2", "[2]", "10") "]}",
                 "\1\0\0\0c\1\0\0\0d", 10);
    assert_true(exchange_check_parse(&check, PATH));
    exchange_check_pairs(&check, "a|c;b|d;");
    finish_binary(&check);
}

static void refuses_damaged_binary_data(void **state) {
    (void)state;
    static const struct {
        const char *json, *binary;
        size_t length;
        const char *code;
    } bodies[] = {
        {"{\"inputs\":[" BINARY("pairs", "[1,2]", "10") "]}", "\1\0\0\0a\1\0\0\0b", 9,
         "bad_binary"},
        {"{\"inputs\":[" BINARY("pairs", "[1,2]", "10") "]}", "\1\0\0\0a\2\0\0\0b", 10,
         "bad_binary"},
        {"{\"inputs\":[" BINARY("pairs", "[1,2]", "10") "]}",
         "\1\0\0\0a\xFF\xFF\xFF\xFF"
         "b",
         10, "bad_binary"},
        {"{\"inputs\":[" BINARY("pairs", "[1,2]", "8") "]}", "\1\0\0\0a\1\0\0", 8, "bad_binary"},
        {"{\"inputs\":[" BINARY("pairs", "[1,2]", "10") "]}", "\1\0\0\0a\1\0\0\0bX", 11,
         "bad_binary"},
        {"{\"inputs\":[" BINARY("pairs", "[2,2]", "10") "]}", "\1\0\0\0a\1\0\0\0b", 10, "bad_data"},
        {"{\"inputs\":[" PAIRS "]}", "X", 1, "bad_binary"},
        {"{\"inputs\":[" BINARY("pairs", "[1,2]", "9223372036854775807") "]}", "\1\0\0\0a", 5,
         "bad_binary"},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct exchange_check check;
        begin_binary(&check, bodies[i].json, bodies[i].binary, bodies[i].length);
        assert_false(exchange_check_parse(&check, PATH));
        assert_int_equal(check.answer.status, 422);
        assert_non_null(strstr(check.answer.body.bytes, bodies[i].code));
        finish_binary(&check);
    }
}

static void refuses_other_lengths(void **state) {
    (void)state;
    static const char *const lengths[] = {
        "", "x", "-1", "+1", "1.0", "999", "99999999999999999999"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct exchange_check check;
        exchange_check_begin(&check, "application/octet-stream", NULL, "{\"inputs\":[]}", 13);
        exchange_check_header(&check, INFERENCE_LENGTH_HEADER, lengths[i]);
        assert_false(exchange_check_parse(&check, PATH));
        exchange_check_error(&check, 400, "bad_header", INFERENCE_LENGTH_HEADER, -1);
        exchange_check_finish(&check);
    }
}

static void check_binary_answer(const struct exchange_check *check, const char *json,
                                const char *binary, size_t length) {
    char header[64];
    snprintf(header, sizeof header, INFERENCE_LENGTH_HEADER ": %zu\r\n", strlen(json));
    assert_string_equal(check->answer.headers.bytes, header);
    assert_string_equal(check->answer.content_type, "application/octet-stream");
    assert_int_equal(check->answer.body.length, strlen(json) + length);
    assert_memory_equal(check->answer.body.bytes, json, strlen(json));
    assert_memory_equal(check->answer.body.bytes + strlen(json), binary, length);
}

static void answers_binary_data(void **state) {
    (void)state;
    struct exchange_check check;
    static const char json[] =
        HEAD ",\"outputs\":[{\"name\":\"flags\",\"datatype\":\"UINT32\",\"shape\":[2],"
             "\"parameters\":{\"binary_data_size\":8}},{\"name\":\"label\",\"datatype\":\"BYTES\","
             "\"shape\":[2],\"parameters\":{\"binary_data_size\":19}},{\"name\":\"similarity\","
             "\"datatype\":\"FP32\",\"shape\":[2],\"data\":[0.899999976,null]}]}";
    assert_true(exchange_check_send(
        &check, PATH,
        "{\"inputs\":[" PAIRS "],\"parameters\":{\"binary_data_output\":true},\"outputs\":["
        "{\"name\":\"flags\"},{\"name\":\"label\",\"parameters\":{\"binary_data\":true}},"
        "{\"name\":\"similarity\",\"parameters\":{\"binary_data\":false}}]}"));
    exchange_check_render(&check, PATH, MGEO_ROW_INVALID_UTF8);
    check_binary_answer(&check, json, "\0\0\0\0\2\0\0\0\x0B\0\0\0exact_match\0\0\0\0", 27);
    exchange_check_finish(&check);
}

static void answers_floats_as_they_are(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(&check, PATH,
                                    "{\"inputs\":[" PAIRS "],\"outputs\":[{\"name\":\"similarity\","
                                    "\"parameters\":{\"binary_data\":true}}]}"));
    exchange_check_render(&check, PATH, MGEO_ROW_EMPTY);
    float values[2];
    memcpy(values, check.answer.body.bytes + check.answer.body.length - 8, sizeof values);
    assert_true(values[0] == 0.9f && isnan(values[1]));
    exchange_check_finish(&check);
}

/* ---- what is refused ------------------------------------------------------------------------- */

#define INPUT(members) "{\"inputs\":[{" members "}]}"
#define OUTPUT(members) "{\"inputs\":[" PAIRS "],\"outputs\":[" members "]}"

#define NESTED(name, shape, data)                                                                  \
    INPUT("\"name\":\"" name "\",\"data\":" data "," BYTES ",\"shape\":" shape)

static const struct exchange_check_refusal refused[] = {
    {"{\"inputs\":[" PAIRS "]", 400, "malformed_json", NULL, -1},
    {"{\"inputs\":[" PAIRS "],\"inputs\":[]}", 400, "duplicate_field", "inputs", -1},
    {"[]", 422, "wrong_type", NULL, -1},
    {"{}", 422, "missing_field", "inputs", -1},
    {"{\"inputs\":{}}", 422, "wrong_type", "inputs", -1},
    {"{\"inputs\":[]}", 422, "bad_inputs", "inputs", -1},
    {"{\"inputs\":[1]}", 422, "wrong_type", "inputs[0]", 0},
    {"{\"inputs\":[" A "]}", 422, "bad_inputs", "inputs", -1},
    {"{\"inputs\":[" B "]}", 422, "bad_inputs", "inputs", -1},
    {"{\"inputs\":[" A "," PAIRS "]}", 422, "bad_inputs", "inputs", -1},
    {"{\"inputs\":[" A "," A "]}", 422, "duplicate_input", "inputs[1]", 1},
    {"{\"inputs\":[" A ",{\"name\":\"address2\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":["
     "\"c\"]}]}",
     422, "bad_shape", "inputs", -1},
    {"{\"id\":1,\"inputs\":[]}", 422, "wrong_type", "id", -1},
    {"{\"parameters\":[]}", 422, "wrong_type", "parameters", -1},
    {"{\"parameters\":{\"binary_data_output\":1}}", 422, "wrong_type",
     "parameters.binary_data_output", -1},
    {INPUT("\"name\":\"text\""), 422, "unknown_input", "inputs[0].name", 0},
    {INPUT("\"name\":1"), 422, "wrong_type", "inputs[0].name", 0},
    {INPUT("\"name\":\"pairs\",\"name\":\"pairs\""), 400, "duplicate_field", "inputs[0].name", 0},
    {INPUT("\"shape\":[1,2,1]"), 422, "bad_shape", "inputs[0].shape", 0},
    {INPUT("\"shape\":[-1]"), 422, "wrong_type", "inputs[0].shape", 0},
    {INPUT("\"shape\":[1.5]"), 422, "wrong_type", "inputs[0].shape", 0},
    {INPUT("\"shape\":2"), 422, "wrong_type", "inputs[0].shape", 0},
    {INPUT("\"datatype\":\"FP32\""), 422, "wrong_datatype", "inputs[0].datatype", 0},
    {INPUT("\"data\":\"a\""), 422, "wrong_type", "inputs[0].data", 0},
    {INPUT("\"data\":[1]"), 422, "wrong_type", "inputs[0].data", 0},
    {INPUT("\"data\":[[\"a\",null]]"), 422, "wrong_type", "inputs[0].data", 0},
    {INPUT("\"parameters\":{\"binary_data_size\":-1}"), 422, "wrong_type",
     "inputs[0].parameters.binary_data_size", 0},
    {INPUT("\"parameters\":{\"shared_memory_region\":\"r\"}"), 422, "unsupported",
     "inputs[0].parameters", 0},
    {INPUT(""), 422, "missing_field", "inputs[0].name", 0},
    {INPUT("\"name\":\"pairs\""), 422, "missing_field", "inputs[0].shape", 0},
    {INPUT("\"name\":\"pairs\",\"shape\":[1,2]"), 422, "missing_field", "inputs[0].datatype", 0},
    {INPUT("\"name\":\"pairs\",\"shape\":[1,2],\"datatype\":\"BYTES\""), 422, "missing_field",
     "inputs[0].data", 0},
    {INPUT("\"name\":\"pairs\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"a\",\"b\"]"), 422,
     "bad_shape", "inputs[0].shape", 0},
    {INPUT("\"name\":\"address1\",\"shape\":[1,2],\"datatype\":\"BYTES\",\"data\":[\"a\",\"b\"]"),
     422, "bad_shape", "inputs[0].shape", 0},
    {INPUT("\"name\":\"pairs\",\"shape\":[1,2],\"datatype\":\"BYTES\",\"data\":[\"a\"]"), 422,
     "bad_data", "inputs[0]", 0},
    {NESTED("pairs", "[2,2]", "[[\"a\"],[\"b\",\"c\",\"d\"]]"), 422, "bad_data", "inputs[0].data",
     0},
    {NESTED("pairs", "[2,2]", "[[\"a\",\"b\",\"c\",\"d\"]]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("pairs", "[2,2]", "[[\"a\"],[\"b\"],[\"c\"],[\"d\"]]"), 422, "bad_data",
     "inputs[0].data", 0},
    {NESTED("pairs", "[2,2]", "[\"a\",\"b\",[\"c\",\"d\"]]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("pairs", "[2,2]", "[[\"a\",\"b\"],\"c\",\"d\"]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("pairs", "[1,2]", "[[[[\"a\"]],[[\"b\"]]]]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("pairs", "[1,2]", "[[[\"a\",\"b\"]]]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("pairs", "[1,2]", "[[\"a\",\"b\"],[]]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("pairs", "[0,2]", "[[]]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("address1", "[2]", "[[\"a\"],[\"b\"]]"), 422, "bad_data", "inputs[0].data", 0},
    {NESTED("address1", "[2,1]", "[[\"a\",\"b\"]]"), 422, "bad_data", "inputs[0].data", 0},
    {INPUT("\"name\":\"pairs\",\"shape\":[9223372036854775807,2],\"datatype\":\"BYTES\",\"data\":"
           "[]"),
     422, "bad_data", "inputs[0]", 0},
    {INPUT("\"name\":\"pairs\",\"shape\":[1,2],\"datatype\":\"BYTES\",\"data\":[\"a\",\"b\"],"
           "\"parameters\":{\"binary_data_size\":1}"),
     422, "conflicting_fields", "inputs[0].data", 0},
    {OUTPUT("1"), 422, "wrong_type", "outputs[0]", 0},
    {OUTPUT("{}"), 422, "missing_field", "outputs[0].name", 0},
    {OUTPUT("{\"name\":\"score\"}"), 422, "unknown_output", "outputs[0].name", 0},
    {OUTPUT("{\"name\":\"label\"},{\"name\":\"label\"}"), 422, "duplicate_output",
     "outputs[1].name", 1},
    {OUTPUT("{\"name\":\"label\",\"parameters\":{\"classification\":2}}"), 422, "unsupported",
     "outputs[0].parameters", 0},
    {OUTPUT("{\"name\":\"label\",\"parameters\":{\"shared_memory_region\":\"r\"}}"), 422,
     "unsupported", "outputs[0].parameters", 0},
    {OUTPUT("{\"name\":\"label\",\"parameters\":{\"binary_data\":\"yes\"}}"), 422, "wrong_type",
     "outputs[0].parameters.binary_data", 0},
};

static void refuses_other_bodies(void **state) {
    (void)state;
    exchange_check_refused_all(PATH, refused, sizeof refused / sizeof *refused);
}

/* ---- models and versions --------------------------------------------------------------------- */

static void asks_for_the_model_that_is_live(void **state) {
    (void)state;
    static const struct {
        const char *model, *version;
        const char *code, *field; /* NULL: it is */
    } names[] = {
        {"mgeo", "", NULL, NULL},
        {"mgeo", "3", NULL, NULL},
        {"mgeo", "v1", NULL, NULL},
        {"mgeo", "4", "unknown_version", "version"},
        {"other", "3", "unknown_model", "model"},
        {"", "", "unknown_model", "model"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct exchange_check check;
        const char body[] = "{\"inputs\":[" PAIRS "]}";
        exchange_check_begin(&check, NULL, NULL, body, sizeof body - 1);
        strcpy(check.call.model, names[i].model);
        strcpy(check.call.version, names[i].version);
        bool taken = exchange_check_parse(&check, PATH);
        assert_int_equal(taken, names[i].code == NULL);
        if (!taken) exchange_check_error(&check, 404, names[i].code, names[i].field, -1);
        exchange_check_finish(&check);
    }
}

/* Another version than was asked for has answered, as a canary's may. */
static void tells_that_another_version_answered(void **state) {
    (void)state;
    struct exchange_check check;
    assert_true(exchange_check_send(&check, PATH, "{\"inputs\":[" PAIRS "]}"));
    strcpy(check.call.version, "2");
    exchange_check_render(&check, PATH, 0);
    exchange_check_error(&check, 404, "unknown_version", "version", -1);
    exchange_check_finish(&check);
}

static void takes_any_version_before_a_model_is_live(void **state) {
    (void)state;
    struct exchange_check check;
    const char body[] = "{\"inputs\":[" PAIRS "]}";
    exchange_check_is_live = false;
    exchange_check_begin(&check, NULL, NULL, body, sizeof body - 1);
    strcpy(check.call.version, "9");
    assert_true(exchange_check_parse(&check, PATH));
    exchange_check_is_live = true;
    exchange_check_finish(&check);
}

static void refuses_no_body(void **state) {
    (void)state;
    struct exchange_check check;
    exchange_check_begin(&check, NULL, NULL, "", 0);
    free(check.request.body);
    check.request.body = NULL;
    assert_false(exchange_check_parse(&check, PATH));
    exchange_check_error(&check, 400, "malformed_json", NULL, -1);
    exchange_check_finish(&check);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_inputs_in_every_form),
        cmocka_unit_test(reads_no_rows),
        cmocka_unit_test(answers_all_outputs),
        cmocka_unit_test(answers_what_is_asked_for),
        cmocka_unit_test(reads_binary_data),
        cmocka_unit_test(reads_both_forms_together),
        cmocka_unit_test(refuses_damaged_binary_data),
        cmocka_unit_test(refuses_other_lengths),
        cmocka_unit_test(answers_binary_data),
        cmocka_unit_test(answers_floats_as_they_are),
        cmocka_unit_test(refuses_other_bodies),
        cmocka_unit_test(asks_for_the_model_that_is_live),
        cmocka_unit_test(tells_that_another_version_answered),
        cmocka_unit_test(takes_any_version_before_a_model_is_live),
        cmocka_unit_test(refuses_no_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
