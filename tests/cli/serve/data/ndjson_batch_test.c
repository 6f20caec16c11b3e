/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a stream: which hold pairs, and that each is answered in its place. */
#include "exchange_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/data/ndjson_batch.h"

/* Copies that may be changed, until the batch was written. */
static char *copies[NDJSON_BATCH];
static size_t copy_count;

static void add(struct ndjson_batch *batch, uint64_t number, const char *line) {
    char *copy = strdup(line);
    assert_non_null(copy);
    copies[copy_count++] = copy;
    ndjson_batch_add(batch, number, copy, strlen(line));
}

static struct ndjson_batch *begin(void) {
    struct ndjson_batch *batch = calloc(1, sizeof *batch);
    assert_non_null(batch);
    batch->digits = 4;
    return batch;
}

static void finish(struct ndjson_batch *batch) {
    while (copy_count > 0) free(copies[--copy_count]);
    ndjson_batch_finish(batch);
    free(batch);
}

/* Scores of the pairs: 0.5 each. */
static void check_written(struct ndjson_batch *batch, const char *wanted) {
    mgeo_model_info info = {.label_count = 1, .labels = {"s"}, .generation = 7};
    struct string_buffer text = {0};
    for (size_t i = 0; i < batch->rows; i++) {
        batch->similarity[i] = batch->probabilities[i] = 0.5f;
        batch->label[i] = 0;
        batch->flags[i] = batch->pairs[i].b_len == 0 ? MGEO_ROW_EMPTY : 0;
    }
    ndjson_batch_write(batch, &info, NULL, &text);
    assert_string_equal(text.bytes, wanted);
    assert_int_equal(batch->count, 0);
    assert_int_equal(batch->rows, 0);
    string_buffer_finish(&text);
}

#define SCORE                                                                                      \
    "\"similarity\":0.5000,\"label\":\"s\",\"probabilities\":{\"s\":0.5000},\"flags\":[],"         \
    "\"generation\":7}\n"

static void answers_in_order(void **state) {
    (void)state;
    struct ndjson_batch *batch = begin();
    add(batch, 0, "[\"a\", \"b\"]");
    add(batch, 1, "[\"a\"]");
    add(batch, 2, "{\"address1\": \"a\", \"id\": \"x\\n\", \"address2\": \"b\"}\r");
    add(batch, 3, " \t\r");
    add(batch, 4, "nonsense");
    ndjson_batch_add_too_long(batch, 5, 100);
    add(batch, 6, "[\"a\", \"\"]");
    add(batch, 7, "");
    assert_int_equal(batch->count, 6);
    assert_int_equal(batch->rows, 3);
    check_written(batch,
                  "{\"index\":0," SCORE
                  "{\"index\":1,\"error\": \"the line must hold two strings\", \"code\": "
                  "\"bad_pair\", \"error_type\": \"Validation\"}\n"
                  "{\"index\":2,\"id\":\"x\\n\"," SCORE
                  "{\"index\":4,\"error\": \"the line is not JSON: something that is no value at "
                  "byte 0\", \"code\": \"malformed_json\", \"error_type\": \"Validation\"}\n"
                  "{\"index\":5,\"error\": \"the line is longer than 100 bytes\", \"code\": "
                  "\"line_too_long\", \"error_type\": \"Validation\", \"limit\": 100}\n"
                  "{\"index\":6,\"similarity\":null,\"label\":null,\"probabilities\":null,"
                  "\"flags\":[\"empty\"],\"generation\":7}\n");
    add(batch, 8, "[\"a\", \"b\"]");
    check_written(batch, "{\"index\":8," SCORE);
    finish(batch);
}

static void echoes_ids(void **state) {
    (void)state;
    static const struct {
        const char *id, *echo;
    } ids[] = {{"\"a\\u00e9\"", "\"a\xC3\xA9\""},
               {"12345678901234567890123", "12345678901234567890123"},
               {"-1.50e+3", "-1.50e+3"},
               {"null", "null"},
               {"\"\"", "\"\""}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct ndjson_batch *batch = begin();
        char line[128], wanted[256];
        snprintf(line, sizeof line, "{\"address1\":\"a\",\"address2\":\"b\",\"id\":%s}", ids[i].id);
        add(batch, 1, line);
        snprintf(wanted, sizeof wanted, "{\"index\":1,\"id\":%s," SCORE, ids[i].echo);
        check_written(batch, wanted);
        finish(batch);
    }
}

static void refuses_other_lines(void **state) {
    (void)state;
    static const struct {
        const char *line, *begins, *code;
    } lines[] = {
        {"{\"id\": 7, \"address1\": \"a\"}", "{\"index\":0,\"id\":7,\"error\"", "missing_field"},
        {"{\"id\": [7]}", "{\"index\":0,\"error\"", "wrong_type"},
        {"{\"id\": true}", "{\"index\":0,\"error\"", "wrong_type"},
        {"{\"id\": 1, \"id\": 2}", "{\"index\":0,\"id\":1,\"error\"", "duplicate_field"},
        {"{\"x\": 1}", "{\"index\":0,\"error\"", "unknown_field"},
        {"{\"pairs\": [[\"a\",\"b\"]]}", "{\"index\":0,\"error\"", "unknown_field"},
        {"[\"a\", \"b\"] [\"c\", \"d\"]", "{\"index\":0,\"error\"", "malformed_json"},
        {"[\"a\", \"b\", \"c\"]", "{\"index\":0,\"error\"", "bad_pair"},
        {"\"a\"", "{\"index\":0,\"error\"", "wrong_type"},
        {"null", "{\"index\":0,\"error\"", "wrong_type"},
        {"[\"a\", \"\xFF\"]", "{\"index\":0,\"error\"", "malformed_json"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct ndjson_batch *batch = begin();
        struct string_buffer text = {0};
        add(batch, 0, lines[i].line);
        assert_int_equal(batch->rows, 0);
        ndjson_batch_write(batch, NULL, NULL, &text);
        assert_memory_equal(text.bytes, lines[i].begins, strlen(lines[i].begins));
        assert_non_null(strstr(text.bytes, lines[i].code));
        string_buffer_finish(&text);
        finish(batch);
    }
}

static void tells_the_cause_where_scores_should_be(void **state) {
    (void)state;
    struct ndjson_batch *batch = begin();
    struct http_answer cause = {0};
    struct string_buffer text = {0};
    const struct http_error error = {.status = 503, .code = "device", .index = -1};
    http_answer_error(&cause, &error, "it is gone");
    add(batch, 3, "{\"address1\":\"a\",\"address2\":\"b\",\"id\":1}");
    add(batch, 4, "[]");
    ndjson_batch_write(batch, NULL, &cause, &text);
    assert_string_equal(text.bytes,
                        "{\"index\":3,\"id\":1,\"error\": \"it is gone\", \"code\": \"device\", "
                        "\"error_type\": \"Unhealthy\"}\n"
                        "{\"index\":4,\"error\": \"the line must hold two strings\", \"code\": "
                        "\"bad_pair\", \"error_type\": \"Validation\"}\n");
    string_buffer_finish(&text);
    http_answer_finish(&cause);
    finish(batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_in_order),
        cmocka_unit_test(echoes_ids),
        cmocka_unit_test(refuses_other_lines),
        cmocka_unit_test(tells_the_cause_where_scores_should_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
