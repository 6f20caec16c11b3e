/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/parse.h"

static struct error error;

static void numbers_stay_in_their_range(void **state) {
    (void)state;
    double number = 0;
    assert_true(parse_number("--x", "2.5", 0, 10, &number, &error));
    assert_true(number == 2.5);
    static const char *const bad[] = {"", "x", "1x", "11", "-1", "nan", "inf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse_number("--x", bad[i], 0, 10, &number, &error));
    }
    assert_non_null(strstr(error.line, "--x inf: give a number from 0 to 10"));
    assert_true(number == 2.5);
}

static void whole_numbers_are_digits_alone(void **state) {
    (void)state;
    uint64_t number = 0;
    assert_true(parse_whole("--x", "7", 1, 10, &number, &error));
    assert_int_equal(number, 7);
    static const char *const bad[] = {"", "0", "11", "1.5", "-1", " 1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse_whole("--x", bad[i], 1, 10, &number, &error));
    }
}

static void lists_are_whole_numbers_between_commas(void **state) {
    (void)state;
    uint32_t numbers_read[3];
    size_t count = 0;
    assert_true(parse_list("--x", "0,5,10", 10, numbers_read, 3, &count, &error));
    assert_int_equal(count, 3);
    assert_int_equal(numbers_read[1], 5);
    static const char *const bad[] = {"", ",", "1,", "1,,2", "11", "1,2,3,4", "1;2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse_list("--x", bad[i], 10, numbers_read, 3, &count, &error));
    }
}

static void times_have_units(void **state) {
    (void)state;
    static const struct {
        const char *value;
        double seconds;
    } good[] = {{"250ms", 0.25}, {"30s", 30}, {"2m", 120},    {"1h", 3600},
                {"1.5", 1.5},    {"0", 0},    {"500us", 5e-4}};
    double seconds = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(parse_duration("--x", good[i].value, 0, 3600, &seconds, &error));
        assert_true(seconds > good[i].seconds - 1e-9 && seconds < good[i].seconds + 1e-9);
    }
    static const char *const bad[] = {"",   "s",  "-1s", "+1s", "1 s",
                                      "1d", "2h", "inf", "nan", "1ms2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse_duration("--x", bad[i], 0, 3600, &seconds, &error));
    }
    assert_string_equal(error.line,
                        "--x 1ms2: give a time from 0s to 3600s, such as 250ms, 30s or 2m");
}

static void sizes_have_units(void **state) {
    (void)state;
    static const struct {
        const char *value;
        uint64_t bytes;
    } good[] = {{"1024", 1024},
                {"64k", 65536},
                {"1MiB", 1 << 20},
                {"2M", 2 << 20},
                {"1GiB", UINT64_C(1) << 30},
                {"3KiB", 3072}};
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(parse_size("--x", good[i].value, 1, UINT64_C(1) << 30, &bytes, &error));
        assert_int_equal(bytes, good[i].bytes);
    }
    static const char *const bad[] = {
        "", "k", "0", "-1", "1.5M", "1MB", "1 M", "2G", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse_size("--x", bad[i], 1, UINT64_C(1) << 30, &bytes, &error));
    }
}

static void a_choice_is_its_place_in_the_list(void **state) {
    (void)state;
    static const char *const names[] = {"one", "two", NULL};
    int chosen = 0;
    assert_true(parse_choice("--x", "two", names, &chosen, &error));
    assert_int_equal(chosen, 1);
    assert_false(parse_choice("--x", "three", names, &chosen, &error));
    assert_string_equal(error.line, "--x three: choose one of one, two");
}

static void an_ending_is_not_the_whole_name(void **state) {
    (void)state;
    assert_true(parse_has_ending("a.tsv", ".tsv"));
    assert_true(parse_has_ending("folder/A.TSV", ".tsv"));
    assert_false(parse_has_ending(".tsv", ".tsv"));
    assert_false(parse_has_ending("a.tsv.gz", ".tsv"));
    assert_false(parse_has_ending("tsv", ".tsv"));
    assert_false(parse_has_ending(NULL, ".tsv"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_stay_in_their_range),
                                       cmocka_unit_test(whole_numbers_are_digits_alone),
                                       cmocka_unit_test(lists_are_whole_numbers_between_commas),
                                       cmocka_unit_test(times_have_units),
                                       cmocka_unit_test(sizes_have_units),
                                       cmocka_unit_test(a_choice_is_its_place_in_the_list),
                                       cmocka_unit_test(an_ending_is_not_the_whole_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
