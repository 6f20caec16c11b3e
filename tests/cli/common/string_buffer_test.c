/* SPDX-License-Identifier: Apache-2.0 */
/* Building and escaping output, and the JSON writer on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "common/json_writer.h"
#include "common/string_buffer.h"

static void grows_with_what_is_added(void **state) {
    (void)state;
    struct string_buffer text = {0};
    for (int i = 0; i < 10000; i++) string_buffer_format(&text, "%d,", i % 10);
    assert_int_equal(text.length, 20000);
    assert_memory_equal(text.bytes + 19996, "8,9,", 5);
    string_buffer_clear(&text);
    string_buffer_put(&text, "x");
    assert_string_equal(text.bytes, "x");
    string_buffer_finish(&text);
}

static void escapes_what_json_cannot_hold(void **state) {
    (void)state;
    static const char bytes[] = "a\"\\\t\n\r\x01\0\x7F路\xFF\xE5z";
    struct string_buffer text = {0};
    string_buffer_json_string(&text, bytes, sizeof bytes - 1);
    assert_string_equal(text.bytes, "\"a\\\"\\\\\\t\\n\\r\\u0001\\u0000\\u007f路\\ufffd\\ufffdz\"");
    string_buffer_finish(&text);
}

static void escapes_what_a_cell_cannot_hold(void **state) {
    (void)state;
    static const char bytes[] = "a\tb\nc\rd\0e\\路\xFF"
                                "f";
    struct string_buffer text = {0};
    string_buffer_escaped_cell(&text, bytes, sizeof bytes - 1);
    assert_string_equal(text.bytes, "a\\tb\\nc\\rd\\0e\\\\路\\xFFf");
    string_buffer_finish(&text);
}

static void a_json_writer_sets_commas_and_indents(void **state) {
    (void)state;
    struct json_writer json = {0};
    json_writer_open(&json, NULL, '{');
    json_writer_integer(&json, "n", UINT64_MAX);
    json_writer_number(&json, "x", 0.125, 3);
    json_writer_number(&json, "nan", NAN, 3);
    json_writer_open(&json, "empty", '[');
    json_writer_close(&json, ']');
    json_writer_open(&json, "list", '[');
    json_writer_string(&json, NULL, "a\"");
    json_writer_string(&json, NULL, "");
    json_writer_close(&json, ']');
    json_writer_close(&json, '}');
    assert_string_equal(json.text.bytes,
                        "{\n  \"n\": 18446744073709551615,\n  \"x\": 0.125,\n  \"nan\": null,\n"
                        "  \"empty\": [],\n  \"list\": [\n    \"a\\\"\",\n"
                        "    \"\"\n  ]\n}\n");
    string_buffer_finish(&json.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(grows_with_what_is_added),
                                       cmocka_unit_test(escapes_what_json_cannot_hold),
                                       cmocka_unit_test(escapes_what_a_cell_cannot_hold),
                                       cmocka_unit_test(a_json_writer_sets_commas_and_indents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
