/* SPDX-License-Identifier: Apache-2.0 */
/* The host's log. */
#include "core/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct written {
    int32_t level;
    size_t lines;
    size_t bytes;
    char line[2048];
} written;

static void take_line(void *user, int32_t level, const char *line) {
    written *to = user;
    to->level = level;
    to->lines++;
    to->bytes = strlen(line);
    assert_true(to->bytes < sizeof to->line);
    memcpy(to->line, line, to->bytes + 1);
}

static void lines_reach_the_host(void **state) {
    (void)state;
    written got = {0};
    const mgi_log log = {take_line, &got};
    mgi_log_line(&log, MGEO_LOG_WARNING, "%s %d", "slot", 1);
    assert_int_equal(got.lines, 1);
    assert_int_equal(got.level, MGEO_LOG_WARNING);
    assert_string_equal(got.line, "slot 1");
}

static void long_lines_are_cut(void **state) {
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    written got = {0};
    const mgi_log log = {take_line, &got};
    mgi_log_line(&log, MGEO_LOG_INFO, "%s", text);
    assert_int_equal(got.bytes, 1023);
}

/* A directory's name may hold a newline. */
static void a_line_stays_one_line(void **state) {
    (void)state;
    written got = {0};
    const mgi_log log = {take_line, &got};
    mgi_log_line(&log, MGEO_LOG_INFO, "loaded %s", "a\nb");
    assert_string_equal(got.line, "loaded a\\x0Ab");
}

static void no_log_is_silent(void **state) {
    (void)state;
    const mgi_log silent = {0};
    mgi_log_line(NULL, MGEO_LOG_INFO, "x");
    mgi_log_line(&silent, MGEO_LOG_INFO, "x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_reach_the_host),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(no_log_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
