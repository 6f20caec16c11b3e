/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: limits, and getters whose errors name file, field and reason. */
#include "core/json/json.h"

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
        {"null", "object is expected"},
        {"[1]", "object is expected"},
        {"{\"a\":1,\"a\":2}", "duplicate"},
        {"{\"a\":1,}", "line 1: not valid JSON"},
        {"{\n\n\"a\":}", "line 3: not valid JSON"},
        {"{\"a\":\"\xff\"}", "not valid JSON"},
        {"{\"a\":\"\\x\"}", "not valid JSON"},
        {"{\"a\":\"\\u12g4\"}", "not valid JSON"},
        {"{\"a\":\"\t\"}", "not valid JSON"},
        {"{\"a\":\"", "not valid JSON"},
        {"{\"a\":\"\\", "not valid JSON"},
        {"{\"a\":01}", "not valid JSON"},
        {"{\"a\":-}", "not valid JSON"},
        {"{\"a\":-Inf}", "not valid JSON"},
        {"{\"a\":nan}", "not valid JSON"},
        {"{\"a\":1.}", "not valid JSON"},
        {"{\"a\":1e}", "not valid JSON"},
        {"{\"a\":[1,]}", "not valid JSON"},
        {"{\"a\":[1 2]}", "not valid JSON"},
        {"{\"a\":tru}", "not valid JSON"},
        {"{\"a\" 1}", "not valid JSON"},
        {"{1:1}", "not valid JSON"},
        {"{\"a\":1", "not valid JSON"},
        {"{\"a\":1}x", "not valid JSON"},
        {"{} {}", "not valid JSON"},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
         "deeper than 32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mgi_json_value *root;
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
    mgi_json_value *root;
    mgeo_error error;
    assert_int_equal(mgi_json_parse(text, sizeof text - 1, "x", &root, &error), MGEO_OK);
    mgi_json_tree_free(root);
}

static void refuses_large_and_absent_files(void **state) {
    (void)state;
    char root[MODEL_FILES_PATH], path[MODEL_FILES_PATH + 16];
    mgi_json_value *json;
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
    mgi_json_value *root;
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
    mgi_json_tree_free(root);
}

static void survives_failing_memory(void **state) {
    (void)state;
    mgi_json_value *root;
    mgeo_error error;
    mgi_alloc_fail_at(1);
    assert_int_equal(mgi_json_parse(fields, sizeof fields - 1, "d/f.json", &root, &error),
                     MGEO_E_MEMORY);
    assert_null(root);
    mgi_alloc_fail_at(0);
}

/* What Python's json and other writers put into fields that nobody here reads. */
static void takes_what_others_write(void **state) {
    (void)state;
    static const struct {
        const char *text, *value; /* value: the text that "a" is, or how "%g" prints it */
    } cases[] = {
        {"\xEF\xBB\xBF{\"a\":\"b\"}", "b"},
        {"{\"a\":1000000000000000019884624838656}", "1e+30"},
        {"{\"a\":9223372036854775808}", "9.22337e+18"},
        {"{\"a\":-9223372036854775809}", "-9.22337e+18"},
        {"{\"a\":1e999}", "inf"},
        {"{\"a\":NaN}", "nan"},
        {"{\"a\":Infinity}", "inf"},
        {"{\"a\":-Infinity}", "-inf"},
        {"{\"a\":\"\\u0000x\"}", "\xEF\xBF\xBDx"},
        {"{\"a\":\"\\ud800\"}", "\xEF\xBF\xBD"},
        {"{\"a\":\"\\udc00\"}", "\xEF\xBF\xBD"},
        {"{\"a\":\"\\ud800\\u0041\"}", "\xEF\xBF\xBD"
                                       "A"},
        {"{\"a\":\"\\ud83d\\ude00\"}", "\xF0\x9F\x98\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mgi_json_value *root;
        mgeo_error error;
        char shown[64];
        assert_int_equal(
            mgi_json_parse(cases[i].text, strlen(cases[i].text), "d/config.json", &root, &error),
            MGEO_OK);
        const mgi_json_value *value = mgi_json_tree_member(root, "a");
        const char *text = mgi_json_tree_text(value);
        if (text == NULL) snprintf(shown, sizeof shown, "%g", value->real);
        assert_string_equal(text == NULL ? shown : text, cases[i].value);
        mgi_json_tree_free(root);
    }
}

/* A number that is too large is told by the name of the field that holds it. */
static void huge_numbers_do_not_pass_for_others(void **state) {
    (void)state;
    static const char text[] = "{\"a\":1000000000000000019884624838656,\"b\":NaN,\"c\":1e999}";
    mgi_json_value *root;
    mgeo_error error;
    assert_int_equal(mgi_json_parse(text, sizeof text - 1, "config.json", &root, &error), MGEO_OK);
    const mgi_json_object object = {.json = root, .file = "config.json", .within = ""};
    static const char *const keys[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) {
        uint32_t whole = 7;
        double number = 7;
        assert_int_equal(mgi_json_u32(&object, keys[i], 0, UINT32_MAX, &whole, &error),
                         MGEO_E_FORMAT);
        check_line(&error, keys[i]);
        assert_int_equal(whole, 7);
        assert_int_equal(mgi_json_number(&object, keys[i], 0, 1, &number, &error), MGEO_E_FORMAT);
        check_line(&error, keys[i]);
        assert_true(number == 7);
    }
    mgi_json_tree_free(root);
}

/* 16 MiB of the shortest values would be some hundred MiB of them. */
static void many_short_values_get_no_memory(void **state) {
    (void)state;
    static const char *const shortest[] = {"{},", "[],", "1,", "\"\","};
    const size_t size = 1 << 20;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < 4; i++) {
        size_t at = (size_t)sprintf(text, "{\"a\":[");
        while (at + 8 < size) at += (size_t)sprintf(text + at, "%s", shortest[i]);
        at += (size_t)sprintf(text + at, "1]}");
        mgi_json_value *root;
        mgeo_error error;
        assert_int_equal(mgi_json_parse(text, at, "config.json", &root, &error), MGEO_E_FORMAT);
        check_line(&error, "more values than its size allows");
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_files),
        cmocka_unit_test(takes_what_others_write),
        cmocka_unit_test(huge_numbers_do_not_pass_for_others),
        cmocka_unit_test(many_short_values_get_no_memory),
        cmocka_unit_test(takes_brackets_in_strings),
        cmocka_unit_test(refuses_large_and_absent_files),
        cmocka_unit_test(reads_and_refuses_fields),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
