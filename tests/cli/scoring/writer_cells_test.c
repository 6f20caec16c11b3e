/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are written as printf writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "common/random.h"
#include "scoring/writer_cells.h"

static void check_number(float number) {
    struct string_buffer text = {0};
    char expected[64];
    snprintf(expected, sizeof expected, "%.6f", (double)number);
    writer_cells_number(&text, number);
    assert_string_equal(text.bytes, expected);
    string_buffer_finish(&text);
}

static void test_numbers_are_those_of_printf(void **state) {
    (void)state;
    static const float odd[] = {0,       1,       0.5f, 1e-6f, 5e-7f,  4.9999999e-7f, 0.9999995f,
                                1.5e-6f, 2.5e-6f, 999,  -1,    -0.25f, 1e9f,          1e-30f};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) check_number(odd[i]);
    check_number(NAN);
    check_number(INFINITY);
    check_number(nextafterf(1, 0));
    struct random random = {7};
    for (int i = 0; i < 200000; i++) check_number((float)random_even(&random));
    /* Ties: whole multiples of 2^-20, which end in a 5 after six digits more often than others. */
    for (int i = 0; i < 4096; i++) check_number((float)i / 1048576.0f);
}

static void test_whole_numbers(void **state) {
    (void)state;
    static const uint64_t numbers[] = {0, 1, 9, 10, 99, 1234567890, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct string_buffer text = {0};
        char expected[32];
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)numbers[i]);
        writer_cells_whole(&text, numbers[i]);
        assert_string_equal(text.bytes, expected);
        string_buffer_finish(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_those_of_printf),
        cmocka_unit_test(test_whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
