/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: joined and shown. */
#define _GNU_SOURCE
#include "core/pathname.h"

#include "core/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void paths_are_joined(void **state) {
    (void)state;
    char *joined = mgi_pathname_join("a/b", "c.txt");
    assert_string_equal(joined, "a/b/c.txt");
    mgi_free(joined);
    mgi_alloc_fail_at(1);
    assert_null(mgi_pathname_join("a", "b"));
    mgi_alloc_fail_at(0);
}

static void a_long_path_is_shown_from_a_folder_on(void **state) {
    (void)state;
    char path[512];
    assert_string_equal(mgi_pathname_shown("a/b.json"), "a/b.json");
    snprintf(path, sizeof path, "/%0300d/models/config.json", 7);
    assert_string_equal(mgi_pathname_shown(path), "models/config.json");
    memset(path, 'x', 400);
    for (size_t at = 1; at + 3 < 400; at += 3) memcpy(path + at, "路", 3);
    path[400] = '\0';
    const char *shown = mgi_pathname_shown(path); /* no slash: from a character's start on */
    assert_true(strlen(shown) <= 160);
    assert_memory_equal(shown, "路", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_joined),
        cmocka_unit_test(a_long_path_is_shown_from_a_folder_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
