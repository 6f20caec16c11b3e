/* SPDX-License-Identifier: Apache-2.0 */
/* URLs and their parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ctl/url.h"

static struct error error;

static void parts_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *text, *server, *path;
    } good[] = {
        {"http://127.0.0.1:8080", "127.0.0.1:8080", "/match"},
        {"http://127.0.0.1:8080/", "127.0.0.1:8080", "/match"},
        {"http://geo.example/api/match?x=1", "geo.example:80", "/api/match?x=1"},
        {"http://[::1]:8080/readyz", "[::1]:8080", "/readyz"},
        {"http://[::1]", "[::1]:80", "/match"},
    };
    struct url url;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(url_read(&url, good[i].text, "/match", &error));
        assert_string_equal(url.server, good[i].server);
        assert_string_equal(url.path, good[i].path);
    }
}

static void what_is_none_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "127.0.0.1:8080",
                                      "https://127.0.0.1:8080",
                                      "http://",
                                      "http:///match",
                                      "http://a b",
                                      "http://a?x",
                                      "http://a/#x",
                                      "http://user@a/",
                                      "http://a/\r\nHost: b"};
    struct url url;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(url_read(&url, bad[i], "/match", &error));
        assert_non_null(strstr(error.line, "--url"));
    }
    char longest[2048] = "http://a/";
    memset(longest + 9, 'x', sizeof longest - 10);
    longest[sizeof longest - 1] = '\0';
    assert_false(url_read(&url, longest, "/match", &error));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_told_apart),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
