/* SPDX-License-Identifier: Apache-2.0 */
/* Building and escaping output, and the JSON writer on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "common/error.h"
#include "common/json_writer.h"
#include "common/string_buffer.h"
#include "common/utf8.h"

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

/* One of each kind that people cannot see, or that steers what shows it. */
static const char *const unseen[][3] = {
    {"\x1B[2J", "\\x1B[2J", "\\u001b[2J"},
    {"\xC2\x9B", "\\xC2\\x9B", "\\u009b"},
    {"\u00A0", "\\xC2\\xA0", "\\u00a0"},
    {"\u00AD", "\\xC2\\xAD", "\\u00ad"},
    {"\u200B", "\\xE2\\x80\\x8B", "\\u200b"},
    {"\u200D", "\\xE2\\x80\\x8D", "\\u200d"},
    {"\u2028", "\\xE2\\x80\\xA8", "\\u2028"},
    {"\u202E", "\\xE2\\x80\\xAE", "\\u202e"},
    {"\u2066", "\\xE2\\x81\\xA6", "\\u2066"},
    {"\u3000", "\\xE3\\x80\\x80", "\\u3000"},
    {"\uE000", "\\xEE\\x80\\x80", "\\ue000"},
    {"\uFE0F", "\\xEF\\xB8\\x8F", "\\ufe0f"},
    {"\uFEFF", "\\xEF\\xBB\\xBF", "\\ufeff"},
    {"\uFFFF", "\\xEF\\xBF\\xBF", "\\uffff"},
    {"\U000E0041", "\\xF3\\xA0\\x81\\x81", "\\udb40\\udc41"},
    {"\xFF", "\\xFF", "\\ufffd"},
    {"\xE5\x9C", "\\xE5\\x9C", "\\ufffd\\ufffd"},
};

static void shows_what_cannot_be_seen(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
        struct string_buffer given = {0}, expected = {0}, text = {0};
        string_buffer_format(&given, "路%s1", unseen[i][0]);
        string_buffer_format(&expected, "路%s1", unseen[i][1]);
        string_buffer_shown(&text, given.bytes, given.length);
        assert_string_equal(text.bytes, expected.bytes);
        string_buffer_clear(&text);
        string_buffer_escaped_cell(&text, given.bytes, given.length);
        assert_string_equal(text.bytes, expected.bytes);
        string_buffer_clear(&text);
        string_buffer_clear(&expected);
        string_buffer_json_string(&text, given.bytes, given.length);
        string_buffer_format(&expected, "\"路%s1\"", unseen[i][2]);
        assert_string_equal(text.bytes, expected.bytes);
        string_buffer_finish(&given);
        string_buffer_finish(&expected);
        string_buffer_finish(&text);
    }
}

static void shows_lines_and_columns(void **state) {
    (void)state;
    struct string_buffer text = {0};
    string_buffer_shown(&text, "a\tb\\\n路😀", 12);
    assert_string_equal(text.bytes, "a\\x09b\\\\x0A路😀");
    string_buffer_clear(&text);
    string_buffer_shown_lines(&text, "a\r\n\n\x07路");
    assert_string_equal(text.bytes, "a\\x0D\n\n\\x07路");
    string_buffer_clear(&text);
    string_buffer_shown_column(&text, "匹配", -6);
    string_buffer_shown_column(&text, "匹配", 6);
    string_buffer_shown_column(&text, "匹配", 3);
    string_buffer_shown_column(&text, "\x1B", 0);
    assert_string_equal(text.bytes, "匹配    匹配匹配\\x1B");
    string_buffer_finish(&text);
}

/* What is cut ends where a character does. */
static void a_long_error_line_is_cut_between_characters(void **state) {
    (void)state;
    for (int blanks = 0; blanks < 3; blanks++) {
        struct string_buffer text = {0};
        struct error error;
        string_buffer_format(&text, "%*s", blanks, "");
        for (int i = 0; i < 600; i++) string_buffer_put(&text, "路");
        assert_false(error_set(&error, "%s", text.bytes));
        size_t length = strlen(error.line);
        assert_true(length + 4 > sizeof error.line - 4);
        assert_int_equal(utf8_valid_prefix(error.line, length), length);
        assert_string_equal(error.line + length - strlen("路…"), "路…");
        string_buffer_finish(&text);
    }
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_with_what_is_added),
        cmocka_unit_test(escapes_what_json_cannot_hold),
        cmocka_unit_test(escapes_what_a_cell_cannot_hold),
        cmocka_unit_test(shows_what_cannot_be_seen),
        cmocka_unit_test(shows_lines_and_columns),
        cmocka_unit_test(a_long_error_line_is_cut_between_characters),
        cmocka_unit_test(a_json_writer_sets_commas_and_indents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
