/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics text, compared letter by letter. */
#include "stats/openmetrics.h"
#include "support/check.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char text[8192];
static mgi_openmetrics to;

static const mgi_openmetrics_family counter = {MGI_OPENMETRICS_COUNTER, "mgeo_busy_seconds",
                                               "seconds", "Busy."};
static const mgi_openmetrics_family gauge = {MGI_OPENMETRICS_GAUGE, "mgeo_jobs", NULL, "Jobs."};
static const mgi_openmetrics_family info = {MGI_OPENMETRICS_INFO, "mgeo_model", NULL, "What."};
static const mgi_openmetrics_family histogram = {MGI_OPENMETRICS_HISTOGRAM, "mgeo_wait_seconds",
                                                 "seconds", "Waits."};

static void begin(bool openmetrics) { mgi_openmetrics_begin(&to, openmetrics, text, sizeof text); }

static void check(const char *expected) {
    assert_true(mgi_openmetrics_end(&to));
    assert_string_equal(text, expected);
    assert_int_equal(to.length, strlen(expected));
}

static void write_three_families(void) {
    mgi_openmetrics_label labels[] = {{"slot", "blue"}, {"version", "v1"}};
    mgi_openmetrics_begin_family(&to, &counter);
    mgi_openmetrics_sample(&to, NULL, 0, 1.5);
    mgi_openmetrics_begin_family(&to, &gauge);
    mgi_openmetrics_sample(&to, labels, 1, 3);
    mgi_openmetrics_begin_family(&to, &info);
    mgi_openmetrics_sample(&to, labels, 2, 1);
}

static void test_openmetrics_is_written_to_the_letter(void **state) {
    (void)state;
    begin(true);
    write_three_families();
    check("# TYPE mgeo_busy_seconds counter\n"
          "# UNIT mgeo_busy_seconds seconds\n"
          "# HELP mgeo_busy_seconds Busy.\n"
          "mgeo_busy_seconds_total 1.5\n"
          "# TYPE mgeo_jobs gauge\n"
          "# HELP mgeo_jobs Jobs.\n"
          "mgeo_jobs{slot=\"blue\"} 3\n"
          "# TYPE mgeo_model info\n"
          "# HELP mgeo_model What.\n"
          "mgeo_model_info{slot=\"blue\",version=\"v1\"} 1\n"
          "# EOF\n");
}

static void test_prometheus_is_written_to_the_letter(void **state) {
    (void)state;
    begin(false);
    write_three_families();
    check("# TYPE mgeo_busy_seconds_total counter\n"
          "# HELP mgeo_busy_seconds_total Busy.\n"
          "mgeo_busy_seconds_total 1.5\n"
          "# TYPE mgeo_jobs gauge\n"
          "# HELP mgeo_jobs Jobs.\n"
          "mgeo_jobs{slot=\"blue\"} 3\n"
          "# TYPE mgeo_model_info gauge\n"
          "# HELP mgeo_model_info What.\n"
          "mgeo_model_info{slot=\"blue\",version=\"v1\"} 1\n");
}

static void test_labels_are_escaped(void **state) {
    (void)state;
    begin(false);
    mgi_openmetrics_label label = {"version", "a\"b\\c\nd\te 西湖"};
    to.family = gauge;
    mgi_openmetrics_sample(&to, &label, 1, 0);
    check("mgeo_jobs{version=\"a\\\"b\\\\c\\nd\te 西湖\"} 0\n");
}

static void check_number(double value, const char *written) {
    char expected[64] = "mgeo_jobs ";
    begin(false);
    to.family = gauge;
    mgi_openmetrics_sample(&to, NULL, 0, value);
    strcat(strcat(expected, written), "\n");
    check(expected);
}

static void check_numbers(void) {
    check_number(0, "0");
    check_number(-2.5, "-2.5");
    check_number(0.1, "0.1");
    check_number(6.4e-05, "6.4e-05");
    check_number(1.0 / 3, "0.33333333333333331");
    check_number(123456789012345, "123456789012345");
    check_number(9007199254740992, "9007199254740992");
    check_number(1e300, "1e+300");
    check_number(NAN, "NaN");
    check_number(INFINITY, "+Inf");
    check_number(-INFINITY, "-Inf");
}

static void test_numbers_are_written_to_be_read_back(void **state) {
    (void)state;
    check_numbers();
}

/* Where a locale that writes a comma is installed. */
static void test_numbers_are_the_same_in_other_locales(void **state) {
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    bool tried = false;
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL) continue;
        check_numbers();
        tried = true;
    }
    setlocale(LC_ALL, "C");
    if (!tried) skip();
}

/* The value after the first sample that begins so. */
static double value_of(const char *sample) {
    const char *at = strstr(text, sample);
    if (at == NULL) fail_msg("no %s", sample);
    return strtod(at + strlen(sample), NULL);
}

static void test_histogram_buckets_are_cumulative(void **state) {
    (void)state;
    const uint64_t durations[] = {0, 63999, 64000, 1023999, 1024000, UINT64_C(40000000000)};
    mgi_histogram counted = {.sum_nanoseconds = 0};
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        counted.bucket[mgi_histogram_bucket(durations[i])]++;
        counted.sum_nanoseconds += durations[i];
    }
    begin(true);
    mgi_openmetrics_label label = {"slot", "green"};
    mgi_openmetrics_begin_family(&to, &histogram);
    mgi_openmetrics_histogram(&to, &label, 1, &counted);
    assert_true(mgi_openmetrics_end(&to));
    assert_true(value_of("_bucket{slot=\"green\",le=\"6.4e-05\"} ") == 2);
    assert_true(value_of("_bucket{slot=\"green\",le=\"0.000128\"} ") == 3);
    assert_true(value_of("_bucket{slot=\"green\",le=\"0.000512\"} ") == 3);
    assert_true(value_of("_bucket{slot=\"green\",le=\"0.001024\"} ") == 4);
    assert_true(value_of("_bucket{slot=\"green\",le=\"0.002048\"} ") == 5);
    assert_true(value_of("_bucket{slot=\"green\",le=\"33.554432\"} ") == 5);
    assert_true(value_of("_bucket{slot=\"green\",le=\"+Inf\"} ") == 6);
    assert_true(value_of("_count{slot=\"green\"} ") == 6);
    assert_true(fabs(value_of("_sum{slot=\"green\"} ") - 40.002175998) < 1e-9);
}

static void test_a_histogram_needs_no_labels(void **state) {
    (void)state;
    static const mgi_histogram empty;
    begin(false);
    to.family = histogram;
    mgi_openmetrics_histogram(&to, NULL, 0, &empty);
    assert_true(mgi_openmetrics_end(&to));
    assert_non_null(strstr(text, "mgeo_wait_seconds_bucket{le=\"+Inf\"} 0\n"));
    assert_non_null(strstr(text, "mgeo_wait_seconds_sum 0\nmgeo_wait_seconds_count 0\n"));
}

static void test_a_text_that_does_not_fit_is_measured(void **state) {
    (void)state;
    begin(true);
    write_three_families();
    assert_true(mgi_openmetrics_end(&to));
    size_t whole = to.length;
    char expected[1024];
    memcpy(expected, text, whole + 1);
    for (size_t capacity = 0; capacity <= whole + 2; capacity++) {
        memset(text, 'x', sizeof text);
        mgi_openmetrics_begin(&to, true, capacity > 0 ? text : NULL, capacity);
        write_three_families();
        assert_int_equal(mgi_openmetrics_end(&to), capacity > whole);
        assert_int_equal(to.length, whole);
        assert_int_equal(text[capacity], 'x');
        if (capacity > 0) assert_string_equal(text, capacity > whole ? expected : "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openmetrics_is_written_to_the_letter),
        cmocka_unit_test(test_prometheus_is_written_to_the_letter),
        cmocka_unit_test(test_labels_are_escaped),
        cmocka_unit_test(test_numbers_are_written_to_be_read_back),
        cmocka_unit_test(test_numbers_are_the_same_in_other_locales),
        cmocka_unit_test(test_histogram_buckets_are_cumulative),
        cmocka_unit_test(test_a_histogram_needs_no_labels),
        cmocka_unit_test(test_a_text_that_does_not_fit_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
