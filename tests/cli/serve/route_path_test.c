/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths a pattern matches, and what stands in the place of its braces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "serve/route_path.h"

static char model[ROUTE_PATH_SEGMENT], version[ROUTE_PATH_SEGMENT];

static bool match(const char *pattern, const char *path) {
    struct http_slice slice = {path, strlen(path)};
    return route_path_match(pattern, slice, model, version);
}

static void plain_paths_are_compared_whole(void **state) {
    (void)state;
    assert_true(match("/match", "/match"));
    assert_true(match("/v2/health/live", "/v2/health/live"));
    static const char *const others[] = {"",        "/",     "/matc",   "/match/", "/match/x",
                                         "/matchx", "match", "//match", "*"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(match("/match", others[i]));
    }
}

static void segments_in_braces_are_decoded(void **state) {
    (void)state;
    static const char infer[] = "/v2/models/{model}/infer";
    static const char versioned[] = "/v2/models/{model}/versions/{version}/infer";
    assert_true(match(infer, "/v2/models/mgeo/infer"));
    assert_string_equal(model, "mgeo");
    assert_string_equal(version, "");
    assert_true(match(versioned, "/v2/models/a%20b/versions/3/infer"));
    assert_string_equal(model, "a b");
    assert_string_equal(version, "3");
    assert_false(match(infer, "/v2/models//infer"));
    assert_false(match(infer, "/v2/models/a/b/infer"));
    assert_false(match(infer, "/v2/models/a%zz/infer"));
    assert_false(match(infer, "/v2/models/a%00/infer"));
    assert_false(match(infer, "/v2/models/a"));
    char longest[128] = "/v2/models/";
    memset(longest + 11, 'x', ROUTE_PATH_SEGMENT);
    strcpy(longest + 11 + ROUTE_PATH_SEGMENT, "/infer");
    assert_false(match(infer, longest));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_paths_are_compared_whole),
        cmocka_unit_test(segments_in_braces_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
