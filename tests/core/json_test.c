/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: limits, and getters whose errors name file, field and reason. */
#include "core/json.h"

#include "core/alloc.h"
#include "support/check.h"
#include "support/model_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuses_bad_files(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "empty"},
        {"null", "not valid JSON"},
        {"[1]", "object is expected"},
        {"{\"a\":1,\"a\":2}", "duplicate"},
        {"{\"a\":1,}", "line 1: not valid JSON"},
        {"{\n\n\"a\":}", "line 3: not valid JSON"},
        {"{\"a\":\"\\u0000\"}", "not valid JSON"},
        {"{\"a\":\"\xff\"}", "not valid JSON"},
        {"{\"a\":\"\\ud800\"}", "not valid JSON"},
        {"{\"a\":1e999}", "not valid JSON"},
        {"{} {}", "not valid JSON"},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
         "deeper than 32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root;
        mgeo_error error;
        assert_int_equal(
            mgi_json_parse(cases[i].text, strlen(cases[i].text), "d/config.json", &root, &error),
            MGEO_E_FORMAT);
        assert_null(root);
        check_line(&error, cases[i].part);
        check_line(&error, "config.json: ");
    }
}

static void takes_brackets_in_strings(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[[[[[[[[[[[[[[[\\\\\"}";
    json_t *root;
    mgeo_error error;
    assert_int_equal(mgi_json_parse(text, sizeof text - 1, "x", &root, &error), MGEO_OK);
    json_decref(root);
}

static void refuses_large_and_absent_files(void **state) {
    (void)state;
    char root[MODEL_FILES_PATH], path[MODEL_FILES_PATH + 16];
    json_t *json;
    mgeo_error error;
    bytes large = {.data = malloc(MGI_JSON_MAX_FILE_BYTES + 1),
                   .size = MGI_JSON_MAX_FILE_BYTES + 1};
    assert_non_null(large.data);
    memset(large.data, ' ', large.size);
    model_files_directory(root);
    model_files_write(root, "a.json", large.data, large.size);
    snprintf(path, sizeof path, "%s/a.json", root);
    assert_int_equal(mgi_json_load(path, &json, &error), MGEO_E_FORMAT);
    check_line(&error, "at most");
    snprintf(path, sizeof path, "%s/b.json", root);
    assert_int_equal(mgi_json_load(path, &json, &error), MGEO_E_IO);
    check_line(&error, "b.json");
    assert_null(json);
    model_files_remove(root);
    bytes_free(&large);
}

static const char fields[] = "{\"n\":7,\"x\":0.5,\"t\":true,\"s\":\"text\",\"o\":{\"n\":1},"
                             "\"null\":null,\"big\":4294967296,\"minus\":-1}";

static void reads_and_refuses_fields(void **state) {
    (void)state;
    json_t *root;
    mgeo_error error;
    assert_int_equal(mgi_json_parse(fields, sizeof fields - 1, "d/f.json", &root, &error), MGEO_OK);
    const mgi_json_object object = {.json = root, .file = "d/f.json", .within = "model."};
    uint32_t n = 3;
    double x = 3;
    bool flag = false;
    const char *text = "default";
    mgi_json_object child;
    assert_int_equal(mgi_json_u32(&object, "n", 1, 7, &n, &error), MGEO_OK);
    assert_int_equal(n, 7);
    assert_int_equal(mgi_json_u32(&object, "absent", 1, 7, &n, &error), MGEO_OK);
    assert_int_equal(mgi_json_u32(&object, "null", 1, 7, &n, &error), MGEO_OK);
    assert_int_equal(n, 7);
    assert_int_equal(mgi_json_u32(&object, "n", 1, 6, &n, &error), MGEO_E_FORMAT);
    check_line(&error, "f.json: model.n: 7 is not within 1 to 6");
    assert_int_equal(mgi_json_u32(&object, "big", 0, UINT32_MAX, &n, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_json_u32(&object, "minus", 0, 7, &n, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_json_u32(&object, "x", 0, 7, &n, &error), MGEO_E_FORMAT);
    check_line(&error, "model.x: a whole number is expected");
    assert_int_equal(mgi_json_number(&object, "x", 0, 1, &x, &error), MGEO_OK);
    assert_true(x == 0.5);
    assert_int_equal(mgi_json_number(&object, "n", 0, 7, &x, &error), MGEO_OK);
    assert_int_equal(mgi_json_number(&object, "x", 0, 0.25, &x, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_json_number(&object, "s", 0, 1, &x, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_json_bool(&object, "t", &flag, &error), MGEO_OK);
    assert_true(flag);
    assert_int_equal(mgi_json_bool(&object, "n", &flag, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_json_text(&object, "s", &text, &error), MGEO_OK);
    assert_string_equal(text, "text");
    assert_int_equal(mgi_json_text(&object, "n", &text, &error), MGEO_E_FORMAT);
    assert_int_equal(mgi_json_child(&object, "o", "o.", &child, &error), MGEO_OK);
    assert_non_null(mgi_json_field(&child, "n"));
    assert_int_equal(mgi_json_child(&object, "absent", "o.", &child, &error), MGEO_OK);
    assert_null(mgi_json_field(&child, "n"));
    assert_int_equal(mgi_json_child(&object, "n", "o.", &child, &error), MGEO_E_FORMAT);
    check_line(&error, "model.n: an object is expected");
    json_decref(root);
}

static void *counted_malloc(size_t size) { return mgi_calloc(size, 1); }

/* jansson takes some strings for which it has no memory for wrong or shorter ones: the status may
 * be any, but nothing may be lost or read after it was freed. */
static void survives_failing_memory(void **state) {
    (void)state;
    json_set_alloc_funcs(counted_malloc, mgi_free);
    long failures = 0;
    for (long nth = 1; nth < 200; nth++) {
        json_t *root;
        mgeo_error error;
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgi_json_parse(fields, sizeof fields - 1, "d/f.json", &root, &error);
        assert_true((status == MGEO_OK) == (root != NULL));
        assert_true(status == MGEO_OK || status == MGEO_E_MEMORY || status == MGEO_E_FORMAT);
        failures += status == MGEO_E_MEMORY;
        json_decref(root);
    }
    mgi_alloc_fail_at(0);
    json_set_alloc_funcs(malloc, free);
    assert_true(failures > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_files),
        cmocka_unit_test(takes_brackets_in_strings),
        cmocka_unit_test(refuses_large_and_absent_files),
        cmocka_unit_test(reads_and_refuses_fields),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
