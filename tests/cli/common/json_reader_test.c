/* SPDX-License-Identifier: Apache-2.0 */
/* What is JSON and what is not, where a fault lies, and what strings and numbers are read as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_reader.h"

#define LENGTH(list) (sizeof(list) / sizeof *(list))

/* A copy in a block of the text's exact size and the NUL, so that a sanitizer sees a byte more. */
static char *begin(struct json_reader *reader, const char *text, size_t length) {
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    json_reader_begin(reader, copy, length);
    return copy;
}

/* Reads a whole text over. Whether it is sound. */
static bool read_over(struct json_reader *reader, const char *text, size_t length) {
    char *copy = begin(reader, text, length);
    json_reader_skip(reader);
    bool sound = json_reader_end(reader);
    free(copy);
    assert_int_equal(sound, reader->fault == NULL);
    return sound;
}

/* The length of a literal, since some hold NUL. */
struct sample {
    const char *text;
    size_t length;
};
#define S(literal)                                                                                 \
    { literal, sizeof(literal) - 1 }

static void takes_what_is_json(void **state) {
    (void)state;
    static const struct sample good[] = {
        S("null"),
        S("true"),
        S("false"),
        S("0"),
        S("-0"),
        S("-1"),
        S("10"),
        S("1.5"),
        S("-0.1"),
        S("1e5"),
        S("1E+5"),
        S("1e-5"),
        S("0e0"),
        S("0.0e+0"),
        S("123456789012345678901234567890"),
        S("\"\""),
        S("\"a\""),
        S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
        S("\"\\u0000\""),
        S("\"\\uD834\\udd1e\""),
        S("\"\x7F\""),
        S("\"\xC2\x80\xF4\x8F\xBF\xBF\xEF\xBF\xBF\""),
        S("[]"),
        S("{}"),
        S("[ ]"),
        S("{\t}"),
        S("[1]"),
        S("[1,2]"),
        S("[[],{}]"),
        S("[[[[]]]]"),
        S("{\"\":0}"),
        S("{\"a\":1,\"a\":2}"),
        S("{\"a\":{\"b\":[1,{\"c\":null}]}}"),
        S(" \r\n\t[ 1 , { \"a\" : 2 } ] \r\n\t"),
        S("[\"\\u002c\", \"]\"]"),
        S("[1.7976931348623157e308, 5e-324, 1e-999]"),
        S("\"\\uFFFF\\uE000\\uD7FF\""),
    };
    struct json_reader reader;
    for (size_t i = 0; i < LENGTH(good); i++) {
        if (!read_over(&reader, good[i].text, good[i].length)) {
            fail_msg("%s: %s at %zu", good[i].text, reader.fault, reader.fault_at);
        }
    }
}

static const struct {
    struct sample sample;
    size_t at;
    const char *fault;
} bad[] = {
    {S(""), 0, "the text ends too early"},
    {S("  "), 2, "the text ends too early"},
    {S("["), 1, "the text ends too early"},
    {S("[1"), 2, "the text ends too early"},
    {S("[1,"), 3, "the text ends too early"},
    {S("{"), 1, "the text ends too early"},
    {S("{\"a\""), 4, "the text ends too early"},
    {S("{\"a\":"), 5, "the text ends too early"},
    {S("{\"a\":1"), 6, "the text ends too early"},
    {S("\0"), 0, "something that is no value"},
    {S("1\0"), 1, "text after the value's end"},
    {S("nul"), 0, "something that is no value"},
    {S("nulll"), 4, "text after the value's end"},
    {S("True"), 0, "something that is no value"},
    {S("NaN"), 0, "something that is no value"},
    {S("-Infinity"), 1, "a number without digits"},
    {S("'a'"), 0, "something that is no value"},
    {S("a"), 0, "something that is no value"},
    {S("// a\n1"), 0, "something that is no value"},
    {S("+1"), 0, "something that is no value"},
    {S(".5"), 0, "something that is no value"},
    {S("-"), 1, "a number without digits"},
    {S("--1"), 1, "a number without digits"},
    {S("01"), 0, "a number that begins with 0"},
    {S("-00"), 1, "a number that begins with 0"},
    {S("1."), 2, "a point without digits"},
    {S("1.e5"), 2, "a point without digits"},
    {S("1e"), 2, "an exponent without digits"},
    {S("1e+"), 3, "an exponent without digits"},
    {S("[1e5.2]"), 4, "a missing comma or bracket"},
    {S("0x10"), 1, "text after the value's end"},
    {S("1e999"), 0, "a number beyond what a double holds"},
    {S("[-1e999]"), 1, "a number beyond what a double holds"},
    {S("1 2"), 2, "text after the value's end"},
    {S("[]]"), 2, "text after the value's end"},
    {S("{}}"), 2, "text after the value's end"},
    {S("[1,]"), 3, "something that is no value"},
    {S("[,1]"), 1, "something that is no value"},
    {S("[1 2]"), 3, "a missing comma or bracket"},
    {S("[1}"), 2, "a missing comma or bracket"},
    {S("[}"), 1, "something that is no value"},
    {S("]"), 0, "something that is no value"},
    {S("{]"), 1, "a member without a name"},
    {S("{1:2}"), 1, "a member without a name"},
    {S("{a:2}"), 1, "a member without a name"},
    {S("{,}"), 1, "a member without a name"},
    {S("{\"a\":1,}"), 7, "a member without a name"},
    {S("{\"a\" 1}"), 5, "a name without a colon"},
    {S("{\"a\"::1}"), 5, "something that is no value"},
    {S("{\"a\":}"), 5, "something that is no value"},
    {S("{\"a\":1]"), 6, "a missing comma or bracket"},
    {S("{\"a\"}"), 4, "a name without a colon"},
    {S("\""), 0, "a string that does not end"},
    {S("[\"a"), 1, "a string that does not end"},
    {S("\"a\\\""), 0, "a string that does not end"},
    {S("\"a\\"), 2, "an escape that JSON does not have"},
    {S("\"\\x41\""), 1, "an escape that JSON does not have"},
    {S("\"\\\0\""), 1, "an escape that JSON does not have"},
    {S("\"\\'\""), 1, "an escape that JSON does not have"},
    {S("\"\\u12\""), 1, "an escape \\u without four hex digits"},
    {S("\"\\u"), 1, "an escape \\u without four hex digits"},
    {S("\"\\u12G4\""), 1, "an escape \\u without four hex digits"},
    {S("\"\\U0041\""), 1, "an escape that JSON does not have"},
    {S("\"\\ud834\""), 1, "half of a surrogate pair"},
    {S("\"\\udd1e\""), 1, "half of a surrogate pair"},
    {S("\"\\udd1e\\ud834\""), 1, "half of a surrogate pair"},
    {S("\"\\ud834\\ud834\""), 1, "half of a surrogate pair"},
    {S("\"\\ud834\\u12\""), 1, "half of a surrogate pair"},
    {S("\"\\ud834\\n\""), 1, "half of a surrogate pair"},
    {S("\"a\nb\""), 2, "a control character in a string"},
    {S("\"\0\""), 1, "a control character in a string"},
    {S("\"\x1F\""), 1, "a control character in a string"},
    {S("\"\x80\""), 1, "bytes that are not UTF-8"},
    {S("\"ab\xFF\""), 3, "bytes that are not UTF-8"},
    {S("\"\xC0\x80\""), 1, "bytes that are not UTF-8"},
    {S("\"\xC1\xBF\""), 1, "bytes that are not UTF-8"},
    {S("\"\xE0\x9F\xBF\""), 1, "bytes that are not UTF-8"},
    {S("\"\xED\xA0\x80\""), 1, "bytes that are not UTF-8"},
    {S("\"\xF0\x8F\xBF\xBF\""), 1, "bytes that are not UTF-8"},
    {S("\"\xF4\x90\x80\x80\""), 1, "bytes that are not UTF-8"},
    {S("\"\xE5\x8C\""), 1, "bytes that are not UTF-8"},
    {S("\"\xE5\x8C"), 1, "bytes that are not UTF-8"},
    {S("{\"\xFF\":1}"), 2, "bytes that are not UTF-8"},
    {S("\xEF\xBB\xBF{}"), 0, "a byte order mark"},
    {S("\xC2\xA0{}"), 0, "something that is no value"},
    {S("\v1"), 0, "something that is no value"},
    {S("\f1"), 0, "something that is no value"},
};

static void refuses_what_is_not(void **state) {
    (void)state;
    struct json_reader reader;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        assert_false(read_over(&reader, bad[i].sample.text, bad[i].sample.length));
        if (strcmp(reader.fault, bad[i].fault) != 0 || reader.fault_at != bad[i].at) {
            fail_msg("%s: \"%s\" at %zu", bad[i].sample.text, reader.fault, reader.fault_at);
        }
    }
}

/* Every sound text that is cut anywhere is a fault, and nothing behind its end is read. */
static void refuses_what_is_cut(void **state) {
    (void)state;
    static const char whole[] =
        "{\"a\": [\"\\ud834\\udd1e地址\", -1.5e+3, true, false, null], \"b\": {\"c\": {}}}";
    struct json_reader reader;
    assert_true(read_over(&reader, whole, sizeof whole - 1));
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        assert_false(read_over(&reader, whole, length));
        assert_in_range(reader.fault_at, 0, length);
    }
}

/* `depth` opening brackets of one kind, and as many closing ones. */
static size_t nest(char *text, int depth, bool objects) {
    size_t length = 0;
    for (int i = 0; i < depth; i++) {
        length += (size_t)sprintf(text + length, "%s", objects ? "{\"a\":" : "[");
    }
    if (objects) text[length++] = '1';
    for (int i = 0; i < depth; i++) text[length++] = objects ? '}' : ']';
    return length;
}

static void bounds_the_depth(void **state) {
    (void)state;
    struct json_reader reader;
    char text[1024];
    for (int objects = 0; objects < 2; objects++) {
        assert_true(read_over(&reader, text, nest(text, JSON_READER_DEPTH, objects)));
        assert_false(read_over(&reader, text, nest(text, JSON_READER_DEPTH + 1, objects)));
        assert_string_equal(reader.fault, "brackets over 32 deep");
        assert_int_equal(reader.fault_at, JSON_READER_DEPTH * (objects ? 5 : 1));
    }
    size_t many = 1 << 20;
    char *deep = malloc(many);
    assert_non_null(deep);
    memset(deep, '[', many);
    assert_false(read_over(&reader, deep, many));
    assert_int_equal(reader.fault_at, JSON_READER_DEPTH);
    free(deep);
}

static void decodes_strings_where_they_lie(void **state) {
    (void)state;
    static const struct {
        struct sample from, to;
    } strings[] = {
        {S("\"\""), S("")},
        {S("\"北京路1号\""), S("北京路1号")},
        {S("\"a\\u0000b\""), S("a\0b")},
        {S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), S("\"\\/\b\f\n\r\t")},
        {S("\"\\u0041\\u00e9\\u5317\\uD83D\\uDE00!\""),
         S("A\xC3\xA9\xE5\x8C\x97\xF0\x9F\x98\x80!")},
        {S("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
         S("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF")},
        {S("\"\\ud800\\udc00\\udbff\\udfff\""), S("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")},
        {S("\"号\\n号\\u53f7 and more of it\""), S("号\n号号 and more of it")},
    };
    for (size_t i = 0; i < LENGTH(strings); i++) {
        struct json_reader reader;
        char *text = begin(&reader, strings[i].from.text, strings[i].from.length);
        assert_int_equal(json_reader_next(&reader), JSON_STRING);
        assert_int_equal(reader.string.length, strings[i].to.length);
        assert_memory_equal(reader.string.bytes, strings[i].to.text, strings[i].to.length + 1);
        assert_true(reader.string.bytes > text);
        assert_true(json_reader_end(&reader));
        free(text);
    }
}

static void reads_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double number;
        bool integral;
        int64_t integer;
    } numbers[] = {
        {"0", 0, true, 0},
        {"-0", 0, true, 0},
        {"42", 42, true, 42},
        {"9223372036854775807", 9223372036854775807.0, true, INT64_MAX},
        {"-9223372036854775808", -9223372036854775808.0, true, INT64_MIN},
        {"9223372036854775808", 9223372036854775808.0, false, 0},
        {"-9223372036854775809", -9223372036854775808.0, false, 0},
        {"1.0", 1, false, 0},
        {"1e2", 100, false, 0},
        {"-2.5E-1", -0.25, false, 0},
        {"0.1", 0.1, false, 0},
        {"5e-324", 5e-324, false, 0},
        {"1e-400", 0, false, 0},
    };
    for (size_t i = 0; i < LENGTH(numbers); i++) {
        struct json_reader reader;
        char *text = begin(&reader, numbers[i].text, strlen(numbers[i].text));
        assert_int_equal(json_reader_next(&reader), JSON_NUMBER);
        assert_true(reader.number == numbers[i].number);
        assert_int_equal(reader.integral, numbers[i].integral);
        if (reader.integral) assert_int_equal(reader.integer, numbers[i].integer);
        assert_string_equal(text, numbers[i].text);
        free(text);
    }
}

static void expect_key(struct json_reader *reader, const char *wanted) {
    struct json_string key;
    assert_true(json_reader_key(reader, &key));
    assert_string_equal(key.bytes, wanted);
}

static void walks_a_document(void **state) {
    (void)state;
    struct json_reader reader;
    struct json_string key;
    static const char text[] =
        "{\"pairs\": [[\"a\", \"b\"], []], \"skipped\": {\"x\": [1, {}]}, \"unread\": [2],"
        " \"left\": [1, [2, {\"y\": 3}], 4], \"id\": 7}";
    char *copy = begin(&reader, text, sizeof text - 1);
    assert_int_equal(json_reader_next(&reader), JSON_OBJECT);
    expect_key(&reader, "pairs");
    assert_int_equal(json_reader_next(&reader), JSON_ARRAY);
    assert_int_equal(json_reader_next(&reader), JSON_ARRAY);
    assert_int_equal(json_reader_next(&reader), JSON_STRING);
    assert_string_equal(reader.string.bytes, "a");
    assert_int_equal(json_reader_next(&reader), JSON_STRING);
    assert_int_equal(json_reader_next(&reader), JSON_ABSENT);
    assert_int_equal(json_reader_next(&reader), JSON_ARRAY);
    assert_int_equal(json_reader_next(&reader), JSON_ABSENT);
    assert_int_equal(json_reader_next(&reader), JSON_ABSENT);
    expect_key(&reader, "skipped");
    json_reader_skip(&reader);
    expect_key(&reader, "unread");
    expect_key(&reader, "left");
    assert_int_equal(json_reader_next(&reader), JSON_ARRAY);
    assert_int_equal(json_reader_next(&reader), JSON_NUMBER);
    json_reader_leave(&reader);
    expect_key(&reader, "id");
    assert_int_equal(json_reader_next(&reader), JSON_NUMBER);
    assert_int_equal(reader.at - reader.begin, 1);
    assert_int_equal(json_reader_next(&reader), JSON_ABSENT); /* no key was read */
    assert_false(json_reader_key(&reader, &key));
    assert_true(json_reader_end(&reader));
    assert_int_equal(json_reader_next(&reader), JSON_ABSENT);
    free(copy);
}

static void keeps_its_first_fault(void **state) {
    (void)state;
    struct json_reader reader;
    struct json_string key;
    char *copy = begin(&reader, "{\"a\": nope, \"b\": 1}", 19);
    assert_int_equal(json_reader_next(&reader), JSON_OBJECT);
    expect_key(&reader, "a");
    assert_int_equal(json_reader_next(&reader), JSON_ABSENT);
    assert_false(json_reader_key(&reader, &key));
    assert_int_equal(json_reader_next(&reader), JSON_ABSENT);
    json_reader_skip(&reader);
    json_reader_leave(&reader);
    assert_false(json_reader_end(&reader));
    assert_int_equal(reader.fault_at, 6);
    free(copy);
}

static void tells_what_was_not_read(void **state) {
    (void)state;
    struct json_reader reader;
    char *copy = begin(&reader, "[1, 2]", 6);
    assert_int_equal(json_reader_next(&reader), JSON_ARRAY);
    assert_false(json_reader_end(&reader));
    free(copy);
    copy = begin(&reader, "1", 1);
    assert_false(json_reader_end(&reader));
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_json),
        cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(refuses_what_is_cut),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(decodes_strings_where_they_lie),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(walks_a_document),
        cmocka_unit_test(keeps_its_first_fault),
        cmocka_unit_test(tells_what_was_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
