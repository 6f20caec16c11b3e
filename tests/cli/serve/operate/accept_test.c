/* SPDX-License-Identifier: Apache-2.0 */
/* Which heads the operating side takes for its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "serve/operate/accept.h"

static struct http_slice slice(const char *text) { return (struct http_slice){text, strlen(text)}; }

static void only_the_loopback_is_a_host(void **state) {
    (void)state;
    static const char *const good[] = {"localhost",    "localhost:9000", "LOCALHOST:1", "127.0.0.1",
                                       "127.0.0.1:80", "[::1]",          "[::1]:8081"};
    static const char *const bad[] = {"",
                                      "evil.example",
                                      "localhost.evil.example",
                                      "localhostx",
                                      "127.0.0.1.evil.example",
                                      "127.0.0.1:80x",
                                      "localhost:80@evil.example",
                                      "10.0.0.1",
                                      "127.0.0.2",
                                      "::1"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(accept_is_loopback(slice(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(accept_is_loopback(slice(bad[i])));
    }
}

static void an_origin_is_this_host_or_another(void **state) {
    (void)state;
    struct http_slice host = slice("localhost:9000");
    assert_true(accept_is_same_origin(slice("http://localhost:9000"), host));
    assert_true(accept_is_same_origin(slice("http://LOCALHOST:9000"), host));
    static const char *const bad[] = {
        "",
        "null",
        "http://localhost",
        "http://localhost:9001",
        "https://localhost:9000",
        "http:",
        "file",
        "http://localhost:9000/",
        "http://evil.example",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(accept_is_same_origin(slice(bad[i]), host));
    }
}

static void a_token_is_whole_and_exact(void **state) {
    (void)state;
    static const char token[] = "0123456789abcdef";
    assert_true(accept_is_token(slice("Bearer 0123456789abcdef"), token));
    assert_true(accept_is_token(slice("bearer  0123456789abcdef "), token));
    static const char *const bad[] = {"",
                                      "Bearer",
                                      "Bearer ",
                                      "0123456789abcdef",
                                      "Basic 0123456789abcdef",
                                      "Bearer 0123456789abcdeg",
                                      "Bearer 0123456789abcde",
                                      "Bearer 0123456789abcdef0",
                                      "Bearer 0123456789ABCDEF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(accept_is_token(slice(bad[i]), token));
    }
    assert_false(accept_is_token((struct http_slice){NULL, 0}, token));
}

static void if_match_is_a_list_with_or_without_quotes(void **state) {
    (void)state;
    static const char etag[] = "\"1-2-0-0\"";
    static const char *const good[] = {"*", "\"1-2-0-0\"", "1-2-0-0", "\"9-9-0-0\", \"1-2-0-0\"",
                                       " \"1-2-0-0\" "};
    static const char *const bad[] = {
        "",      "\"1-2-0-1\"", "\"1-2-0-0", "W/\"1-2-0-0\"", "1-2-0-00",
        "\"*\"", "1-2-0",       ",",         "\"11-2-0-0\""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(accept_matches(slice(good[i]), etag));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(accept_matches(slice(bad[i]), etag));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_loopback_is_a_host),
        cmocka_unit_test(an_origin_is_this_host_or_another),
        cmocka_unit_test(a_token_is_whole_and_exact),
        cmocka_unit_test(if_match_is_a_list_with_or_without_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
