/* SPDX-License-Identifier: Apache-2.0 */
/* The bar fits into every width, or is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scoring/progress.h"

struct moment {
    double seconds;
    uint64_t rows, position, size;
};

static const struct moment moments[] = {
    {0, 0, 0, 0},
    {0, 0, 0, 100},
    {1, 100, 50, 100},
    {0.001, 1, 1, UINT64_MAX},
    {1e9, UINT64_MAX, 1, 2},
    {1e-9, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX},
    {400000, 123456789, 0, 0},
    {86400, 5000000, 99, 100},
};

static void fits_into_every_width(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        const struct moment *at = &moments[i];
        size_t before = 0;
        for (int columns = 0; columns <= 200; columns++) {
            char line[256];
            progress_line(line, sizeof line, columns, at->seconds, at->rows, at->position,
                          at->size);
            assert_true(strlen(line) <= (size_t)columns);
            assert_true(strlen(line) >= before); /* more room never shows less */
            before = strlen(line);
        }
        assert_true(before > 0);
    }
}

static void shows_as_much_as_fits(void **state) {
    (void)state;
    static const struct {
        int columns;
        const char *line;
    } shown[] = {
        {3, ""},
        {4, " 50%"},
        {14, " 50%  ETA 0:10"},
        {29, " 50%  ETA 0:10"},
        {30, " 50%  100 rows  10/s  ETA 0:10"},
        {43, "[=====     ]  50%  100 rows  10/s  ETA 0:10"},
        {45, "[======      ]  50%  100 rows  10/s  ETA 0:10"},
    };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        char line[256];
        progress_line(line, sizeof line, shown[i].columns, 10, 100, 50, 100);
        assert_string_equal(line, shown[i].line);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits_into_every_width),
                                       cmocka_unit_test(shows_as_much_as_fits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
