/* SPDX-License-Identifier: Apache-2.0 */
/* What rules of a cascade read, print, refuse and keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/cascade/cascade_rule.h"

static mgeo_model_info three_labels(void) {
    mgeo_model_info info = {.struct_size = sizeof info, .label_count = 3, .positive_label = 0};
    strcpy(info.labels[0], "exact_match");
    strcpy(info.labels[1], "partial_match");
    strcpy(info.labels[2], "not_match");
    return info;
}

static void a_band_is_closed(void **state) {
    (void)state;
    struct cascade_rule rule = {0};
    struct error error;
    assert_true(cascade_rule_read_band("0.25,0.75", &rule, &error));
    assert_int_equal(rule.kind, CASCADE_BAND);
    assert_false(cascade_rule_keeps(&rule, 0.25f, 0, 1));
    assert_false(cascade_rule_keeps(&rule, 0.75f, 0, 1));
    assert_false(cascade_rule_keeps(&rule, 0.5f, 0, 1));
    assert_true(cascade_rule_keeps(&rule, 0.2499f, 0, 0.4f));
    assert_true(cascade_rule_keeps(&rule, 0.7501f, 0, 0.4f));
}

static void a_label_is_kept_from_its_probability_on(void **state) {
    (void)state;
    struct cascade_rule rule = {0};
    struct cascade_sure sure;
    struct error error;
    mgeo_model_info info = three_labels();
    assert_true(cascade_sure_read("not_match=0.5,exact_match=never,0.75", &sure, &error));
    assert_true(cascade_rule_of_sure(&sure, &info, &rule, &error));
    assert_true(cascade_rule_keeps(&rule, 0, 2, 0.5f));
    assert_false(cascade_rule_keeps(&rule, 0, 2, 0.49f));
    assert_false(cascade_rule_keeps(&rule, 0, 0, 1));
    assert_true(cascade_rule_keeps(&rule, 0, 1, 0.75f));
    assert_false(cascade_rule_keeps(&rule, 0, 1, 0.74f));
}

static void a_label_that_is_not_named_is_not_kept(void **state) {
    (void)state;
    struct cascade_rule rule = {0};
    struct cascade_sure sure;
    struct error error;
    mgeo_model_info info = three_labels();
    assert_true(cascade_sure_read("not_match=0.5", &sure, &error));
    assert_true(cascade_rule_of_sure(&sure, &info, &rule, &error));
    assert_false(cascade_rule_keeps(&rule, 0, 0, 1));
    assert_false(cascade_rule_keeps(&rule, 0, 1, 1));
}

static void what_is_printed_reads_back(void **state) {
    (void)state;
    struct cascade_rule rule = {.kind = CASCADE_SURE, .least = {0.123456, 2, 0}}, again = {0};
    struct cascade_sure sure;
    struct string_buffer text = {0};
    struct error error;
    mgeo_model_info info = three_labels();
    cascade_rule_print(&rule, &info, &text);
    assert_string_equal(text.bytes, "--sure exact_match=0.123456,partial_match=never,not_match=0");
    assert_true(cascade_sure_read(text.bytes + strlen("--sure "), &sure, &error));
    assert_true(cascade_rule_of_sure(&sure, &info, &again, &error));
    for (int i = 0; i < 3; i++) assert_true(again.least[i] == rule.least[i]);
    string_buffer_finish(&text);
    struct cascade_rule band = {.kind = CASCADE_BAND, .low = 0.1, .high = 0.9};
    cascade_rule_print(&band, &info, &text);
    assert_string_equal(text.bytes, "--band 0.1,0.9");
    string_buffer_finish(&text);
}

static void refuses_nonsense_in_one_line(void **state) {
    (void)state;
    static const char *const bands[] = {"0.5", "0.1,0.2,0.3", "0.9,0.1", "x,1", "0,1.5", ","};
    static const char *const words[] = {"1.5", "x", "a=0.5,a=0.6", "0.5,0.6", "=0.5", "a="};
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++) {
        struct cascade_rule rule = {0};
        struct error error = {""};
        assert_false(cascade_rule_read_band(bands[i], &rule, &error));
        assert_non_null(strstr(error.line, "--band"));
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct cascade_sure sure;
        struct error error = {""};
        assert_false(cascade_sure_read(words[i], &sure, &error));
        assert_non_null(strstr(error.line, "--sure"));
    }
    struct cascade_sure sure;
    struct cascade_rule rule;
    struct error error;
    mgeo_model_info info = three_labels();
    assert_true(cascade_sure_read("same=0.5", &sure, &error));
    assert_false(cascade_rule_of_sure(&sure, &info, &rule, &error));
    assert_non_null(strstr(error.line, "no such label"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_band_is_closed),
                                       cmocka_unit_test(a_label_is_kept_from_its_probability_on),
                                       cmocka_unit_test(a_label_that_is_not_named_is_not_kept),
                                       cmocka_unit_test(what_is_printed_reads_back),
                                       cmocka_unit_test(refuses_nonsense_in_one_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
