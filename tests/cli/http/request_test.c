/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, parameters, percent-encoding; errors and header lines of answers. */
#include "http/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/listener.h"

static struct http_slice slice(const char *text) { return (struct http_slice){text, strlen(text)}; }

static void test_header(void **state) {
    (void)state;
    struct http_header headers[] = {{slice("Accept"), slice("a")}, {slice("ACCEPT"), slice("b")}};
    struct http_request request = {.headers = headers, .header_count = 2};
    assert_true(http_slice_equals(http_request_header(&request, "accept"), "a"));
    assert_null(http_request_header(&request, "Accept-Encoding").at);
    assert_null(http_request_header(&request, "Acc").at);
}

static void expect_parameter(const char *query, const char *name, const char *value) {
    char text[8];
    bool malformed = true;
    struct http_request request = {.query = slice(query)};
    bool found = http_request_parameter(&request, name, text, sizeof text, &malformed);
    assert_int_equal(found, value != NULL);
    assert_false(malformed);
    if (value != NULL) assert_string_equal(text, value);
    assert_int_equal(http_request_parameter(&request, name, text, sizeof text, NULL), found);
}

static void test_parameter(void **state) {
    (void)state;
    expect_parameter("digits=6", "digits", "6");
    expect_parameter("a=1&digits=6&b", "digits", "6");
    expect_parameter("a=1&&digits", "digits", "");
    expect_parameter("digits=", "digits", "");
    expect_parameter("digits=1&digits=2", "digits", "1");
    expect_parameter("a=b%20c+d", "a", "b c d");
    expect_parameter("a=%E8%B7%AF", "a", "路");
    expect_parameter("a=b=c", "a", "b=c");
    expect_parameter("xdigits=6", "digits", NULL);
    expect_parameter("", "digits", NULL);
    expect_parameter("a=12345678", "a", NULL); /* too long */
    expect_parameter("a=1234567", "a", "1234567");
}

static void test_malformed_parameter(void **state) {
    (void)state;
    static const char *const queries[] = {"a=%", "a=%1", "a=%zz", "a=b%00c", "a=%%41", "a=%1\xC3"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char text[16];
        bool malformed = false;
        struct http_request request = {.query = slice(queries[i])};
        assert_false(http_request_parameter(&request, "a", text, sizeof text, &malformed));
        assert_true(malformed);
    }
}

static void test_decode(void **state) {
    (void)state;
    char text[8];
    assert_true(http_decode(slice("a%2Fb+c"), text, sizeof text));
    assert_string_equal(text, "a/b+c");
    assert_false(http_decode(slice("a%00"), text, sizeof text));
    assert_false(http_decode(slice("12345678"), text, sizeof text));
    assert_true(http_decode(slice(""), text, sizeof text));
    assert_string_equal(text, "");
}

static void test_error(void **state) {
    (void)state;
    struct http_answer answer = {.status = 200};
    struct http_error error = {.status = 429,
                               .code = "queue_full",
                               .field = "pairs[3]",
                               .index = 3,
                               .limit = 1000,
                               .retry_after = 2};
    http_answer_header(&answer, "X-Old", "gone");
    http_answer_error(&answer, &error, "line \"%d\"\nend", 7);
    assert_int_equal(answer.status, 429);
    assert_string_equal(answer.headers.bytes, "Retry-After: 2\r\n");
    assert_string_equal(answer.body.bytes,
                        "{\"error\": \"line \\\"7\\\"\\nend\", \"code\": \"queue_full\", "
                        "\"error_type\": \"Overloaded\", \"field\": \"pairs[3]\", \"index\": 3, "
                        "\"limit\": 1000}\n");
    http_answer_finish(&answer);
}

static void test_header_lines_cannot_be_broken(void **state) {
    (void)state;
    struct http_answer answer = {0};
    http_answer_header(&answer, "X-Name", "a\r\nX-Other: b\x7f路");
    http_answer_header_integer(&answer, "X-Count", UINT64_MAX);
    assert_string_equal(answer.headers.bytes,
                        "X-Name: aX-Other: b路\r\nX-Count: 18446744073709551615\r\n");
    http_answer_finish(&answer);
}

static void test_reasons(void **state) {
    (void)state;
    assert_string_equal(http_reason(404), "Not Found");
    assert_string_equal(http_reason(299), "");
}

static void test_local_addresses(void **state) {
    (void)state;
    static const char *const local[] = {"unix:/run/x", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1",
                                        "localhost:1"};
    static const char *const not_local[] = {":1",    "0.0.0.0:1", "[::]:1",     "10.0.0.1:1",
                                            "a.b:1", "127.0.0.1", "128.0.0.1:1"};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        assert_true(listener_is_local(local[i]));
    }
    for (size_t i = 0; i < sizeof not_local / sizeof not_local[0]; i++) {
        assert_false(listener_is_local(not_local[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_parameter),
        cmocka_unit_test(test_malformed_parameter),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_header_lines_cannot_be_broken),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_local_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
