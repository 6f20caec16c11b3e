/* SPDX-License-Identifier: Apache-2.0 */
/* Scores are written as printf writes them, with every number of digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/data/decimal.h"

static void check_score(float score) {
    for (int digits = DECIMAL_LEAST_DIGITS; digits <= DECIMAL_MOST_DIGITS; digits++) {
        struct string_buffer text = {0};
        char wanted[32];
        snprintf(wanted, sizeof wanted, "%.*f", digits, (double)score);
        decimal_score(&text, score, digits);
        assert_string_equal(text.bytes, wanted);
        string_buffer_finish(&text);
    }
}

static void writes_as_printf(void **state) {
    (void)state;
    static const float scores[] = {0,     1,        0.5f,    0.25f,       0.03125f, 0.00005f,
                                   1e-9f, 0.99995f, 0.9999f, 0.99999994f, 1e-30f,   0.00048828125f};
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) check_score(scores[i]);
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        check_score((float)(random >> 8) * 0x1p-24f);
        check_score((float)(random >> 8) * 0x1p-24f * (float)(random & 255) * 0x1p-16f);
    }
}

static void writes_what_is_no_score(void **state) {
    (void)state;
    static const struct {
        float number;
        const char *wanted;
    } numbers[] = {{NAN, "null"},   {INFINITY, "null"}, {-INFINITY, "null"},
                   {-1.5f, "-1.5"}, {2, "2"},           {-0.0f, "-0"}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct string_buffer text = {0};
        decimal_float(&text, numbers[i].number);
        assert_string_equal(text.bytes, numbers[i].wanted);
        string_buffer_clear(&text);
        decimal_score(&text, numbers[i].number == 0 ? NAN : numbers[i].number, 4);
        assert_string_equal(text.bytes, numbers[i].number == 0 ? "null" : numbers[i].wanted);
        string_buffer_finish(&text);
    }
}

static void writes_floats_that_read_back(void **state) {
    (void)state;
    uint32_t random = 7;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525u + 1013904223u;
        float number;
        memcpy(&number, &random, sizeof number);
        if (!isfinite(number)) continue;
        struct string_buffer text = {0};
        decimal_float(&text, number);
        assert_true(strtof(text.bytes, NULL) == number);
        string_buffer_finish(&text);
    }
}

/* Digits that count are the same as printf's, but for what it leaves out. */
static void writes_shares_as_printf(void **state) {
    (void)state;
    uint32_t random = 3;
    for (int i = 0; i < 50000; i++) {
        random = random * 1664525u + 1013904223u;
        float share = (float)(random >> 8) * 0x1p-24f;
        for (unsigned j = random & 15; j > 0; j--) share /= 3;
        struct string_buffer text = {0};
        char wanted[32];
        decimal_float(&text, share);
        snprintf(wanted, sizeof wanted, "%.9g", (double)share);
        if (share != 0) assert_string_equal(text.bytes, wanted);
        string_buffer_finish(&text);
    }
}

static void writes_integers(void **state) {
    (void)state;
    static const uint64_t numbers[] = {0, 9, 10, 1234567890, UINT64_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct string_buffer text = {0};
        char wanted[32];
        snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)numbers[i]);
        decimal_integer(&text, numbers[i]);
        assert_string_equal(text.bytes, wanted);
        string_buffer_finish(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_as_printf),
        cmocka_unit_test(writes_what_is_no_score),
        cmocka_unit_test(writes_floats_that_read_back),
        cmocka_unit_test(writes_shares_as_printf),
        cmocka_unit_test(writes_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
