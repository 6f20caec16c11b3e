/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch makes of figures: when it judges, and what breaks a limit. */
#include "engine/rollout/watch.h"
#include "engine/rollout/watch_limits.h"
#include "support/check.h"

#include <math.h>
#include <string.h>

enum { ERRORS, NOT_FINITE, LATENCY, PSI };

static mgi_snapshot watched, former;
static mgeo_check checks[MGI_WATCH_LIMITS_COUNT];

/* Calls of one row each, of this many nanoseconds, with similarities spread evenly from bin `from`
 * on over ten bins. */
static void answer(mgi_snapshot *observed, uint64_t calls, uint64_t nanoseconds, unsigned from) {
    observed->calls += calls;
    observed->rows_scored += calls;
    observed->call_time.bucket[mgi_histogram_bucket(nanoseconds)] += calls;
    for (uint64_t i = 0; i < calls; i++) observed->similarity[from + i % 10]++;
}

static void fail_calls(mgi_snapshot *observed, uint64_t calls, mgeo_status status) {
    observed->calls += calls;
    observed->failed_by[status] += calls;
}

static void spoil_rows(mgi_snapshot *observed, uint64_t rows) {
    observed->calls += rows;
    observed->rows_bad += rows;
    observed->rows_not_finite += rows;
}

static int begin_judging(void **state) {
    (void)state;
    memset(&watched, 0, sizeof watched);
    memset(&former, 0, sizeof former);
    answer(&former, 1000, 1000000, 40);
    return 0;
}

static bool judge(const mgeo_watch *watch) {
    return mgi_watch_limits_evaluate(watch, &watched, &former, checks);
}

static void test_figures_within_their_limits_pass(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 100,
                        .max_error_rate = -1,
                        .max_not_finite_rate = 0.01,
                        .max_latency_ratio = 1.2,
                        .max_psi = 0.1};
    answer(&watched, 100, 1000000, 40);
    assert_false(judge(&watch));
    assert_string_equal(checks[ERRORS].name, "error_rate");
    assert_string_equal(checks[NOT_FINITE].name, "not_finite_rate");
    assert_string_equal(checks[LATENCY].name, "latency_ratio");
    assert_string_equal(checks[PSI].name, "psi");
    for (int i = 0; i < MGI_WATCH_LIMITS_COUNT; i++) assert_int_equal(checks[i].passed, 1);
    assert_float_equal(checks[ERRORS].measured, 0, 0);
    assert_float_equal(checks[ERRORS].limit, 0, 0); /* negative: nothing is allowed */
    assert_float_equal(checks[LATENCY].measured, 1, 1e-9);
    assert_float_equal(checks[PSI].measured, 0, 0);
}

static void test_limits_that_are_not_held(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 100, .max_psi = 100};
    fail_calls(&watched, 60, MGEO_E_DEVICE);
    spoil_rows(&watched, 60);
    assert_false(judge(&watch));
    assert_int_equal(checks[ERRORS].passed, -1);
    assert_true(isnan(checks[ERRORS].limit));
    assert_float_equal(checks[ERRORS].measured, 0.5, 1e-9); /* measured all the same */
    assert_float_equal(checks[NOT_FINITE].measured, 1, 1e-9);
}

static void test_nothing_is_judged_before_min_calls(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 1000,
                        .max_error_rate = 0.1,
                        .max_not_finite_rate = 0.01,
                        .max_latency_ratio = 1.5,
                        .max_psi = 0.1};
    answer(&watched, 34, 9000000, 80);
    fail_calls(&watched, 5, MGEO_E_DEVICE);
    spoil_rows(&watched, 10);
    assert_false(judge(&watch));
    for (int i = 0; i < MGI_WATCH_LIMITS_COUNT; i++) {
        assert_true(isnan(checks[i].measured));
        assert_int_equal(checks[i].passed, 1);
    }
    answer(&watched, 1, 9000000, 80);
    assert_true(judge(&watch));               /* 50 calls: all but the error rate are broken */
    assert_true(isnan(checks[PSI].measured)); /* of 35 rows */
    assert_int_equal(checks[ERRORS].passed, 1);
    assert_float_equal(checks[ERRORS].measured, 0.1, 1e-9);
    assert_int_equal(checks[NOT_FINITE].passed, 0);
    assert_int_equal(checks[LATENCY].passed, 0);
    assert_true(checks[LATENCY].measured > 8 && checks[LATENCY].measured < 10);
    answer(&watched, 15, 9000000, 80);
    assert_true(judge(&watch));
    assert_int_equal(checks[PSI].passed, 0);
}

static void test_what_cannot_be_mended_is_judged_at_once(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 1000, .max_error_rate = 0.1};
    fail_calls(&watched, 5, MGEO_E_DEVICE);
    assert_false(judge(&watch)); /* 45 good calls would make it 0.1 */
    fail_calls(&watched, 1, MGEO_E_MEMORY);
    assert_true(judge(&watch));
    assert_float_equal(checks[ERRORS].measured, 1, 0);
    watch.max_error_rate = -1;
    memset(&watched, 0, sizeof watched);
    assert_false(judge(&watch));
    fail_calls(&watched, 1, MGEO_E_CAPACITY);
    assert_true(judge(&watch));
    watch = (mgeo_watch){.window_calls = 1000, .max_not_finite_rate = -1};
    assert_false(judge(&watch));
    spoil_rows(&watched, 1);
    assert_true(judge(&watch));
    assert_int_equal(checks[NOT_FINITE].passed, 0);
}

static void test_cancelled_calls_have_not_failed(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 1000, .max_error_rate = -1};
    fail_calls(&watched, 60, MGEO_E_CANCELLED);
    assert_false(judge(&watch));
    assert_float_equal(checks[ERRORS].measured, 0, 0);
}

static void test_a_former_model_of_few_calls_is_not_held_against(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 100, .max_latency_ratio = 1.1, .max_psi = -1};
    memset(&former, 0, sizeof former);
    answer(&former, 49, 1000, 0);
    answer(&watched, 100, 9000000, 80);
    assert_false(judge(&watch));
    assert_true(isnan(checks[LATENCY].measured));
    assert_true(isnan(checks[PSI].measured));
    answer(&former, 1, 1000, 0);
    assert_true(judge(&watch));
    assert_int_equal(checks[LATENCY].passed, 0);
    assert_int_equal(checks[PSI].passed, 0);
}

/* One row of this bin. */
static void answer_in(mgi_snapshot *observed, unsigned bin) {
    observed->calls++;
    observed->rows_scored++;
    observed->similarity[bin]++;
}

/* Few rows of one and the same distribution: no reason to turn back, however often one looks. */
static void test_chance_is_no_drift(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 5000, .max_psi = 0.1};
    uint32_t number = 1;
    double index = 0;
    for (int round = 0; round < 100; round++) {
        memset(&watched, 0, sizeof watched);
        for (int i = 0; i < 60; i++) {
            number = number * 1664525u + 1013904223u;
            answer_in(&watched, 40 + (number >> 16) % 10);
        }
        assert_false(judge(&watch));
        index += mgi_drift_index(former.similarity, watched.similarity) / 100;
    }
    assert_true(index > watch.max_psi); /* which taken as it is would be one */
    memset(&watched, 0, sizeof watched);
    answer(&watched, 4000, 1000, 45); /* half of the rows lie elsewhere */
    assert_true(judge(&watch));
    assert_true(checks[PSI].measured > 1);
}

static void test_min_calls_and_the_window(void **state) {
    (void)state;
    assert_int_equal(mgi_watch_limits_min_calls(&(mgeo_watch){.window_seconds = 1}), 50);
    assert_int_equal(mgi_watch_limits_min_calls(&(mgeo_watch){.window_calls = 1000}), 50);
    assert_int_equal(mgi_watch_limits_min_calls(&(mgeo_watch){.window_calls = 10}), 10);
    assert_int_equal(mgi_watch_limits_min_calls(&(mgeo_watch){.window_calls = 99, .min_calls = 60}),
                     60);
    mgeo_watch calls = {.window_calls = 10}, seconds = {.window_seconds = 2};
    assert_false(mgi_watch_limits_is_over(&calls, 9, 1e9));
    assert_true(mgi_watch_limits_is_over(&calls, 10, 0));
    assert_false(mgi_watch_limits_is_over(&seconds, 1000000, 1.9));
    assert_true(mgi_watch_limits_is_over(&seconds, 0, 2));
}

static void test_a_reason_names_every_broken_limit(void **state) {
    (void)state;
    mgeo_watch watch = {.window_calls = 100, .max_error_rate = 0.1, .max_not_finite_rate = 0.25};
    char reason[256];
    fail_calls(&watched, 30, MGEO_E_DEVICE);
    spoil_rows(&watched, 30);
    assert_true(judge(&watch));
    mgi_watch_limits_reason(checks, 60, 1.5, reason, sizeof reason);
    assert_string_equal(reason,
                        "error_rate 0.5 > 0.1, not_finite_rate 1 > 0.25, after 60 calls in 1.5 s");
    char small[24];
    mgi_watch_limits_reason(checks, 60, 1.5, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
}

static void check_refused(mgeo_watch watch, const char *part) {
    mgeo_error error = {0};
    assert_int_equal(mgi_watch_limits_check(&watch, "the watch", &error), MGEO_E_ARGUMENT);
    if (strstr(error.message, part) == NULL) fail_msg("%s: no \"%s\"", error.message, part);
}

static void test_watches_that_make_no_sense(void **state) {
    (void)state;
    mgeo_watch sound = {.window_calls = 100, .window_seconds = 5, .max_psi = -1};
    mgeo_error error = {0};
    assert_int_equal(mgi_watch_limits_check(&sound, "the watch", &error), MGEO_OK);
    check_refused((mgeo_watch){.max_psi = 1}, "window_calls or window_seconds");
    check_refused((mgeo_watch){.window_seconds = NAN, .max_psi = 1}, "window_seconds");
    check_refused((mgeo_watch){.window_seconds = INFINITY, .max_psi = 1}, "window_seconds");
    check_refused((mgeo_watch){.window_calls = 1, .window_seconds = -1, .max_psi = 1}, "0 or more");
    check_refused((mgeo_watch){.window_calls = 9, .min_calls = 10, .max_psi = 1}, "min_calls");
    check_refused((mgeo_watch){.window_calls = 9}, "no limit");
    check_refused((mgeo_watch){.window_calls = 9, .max_error_rate = 1.5}, "max_error_rate");
    check_refused((mgeo_watch){.window_calls = 9, .max_not_finite_rate = NAN},
                  "max_not_finite_rate");
    check_refused((mgeo_watch){.window_calls = 9, .max_latency_ratio = INFINITY},
                  "max_latency_ratio");
    check_refused((mgeo_watch){.window_calls = 9, .max_psi = -INFINITY}, "max_psi");
}

#define JUDGING(name) cmocka_unit_test_setup(name, begin_judging)

int main(void) {
    const struct CMUnitTest tests[] = {
        JUDGING(test_figures_within_their_limits_pass),
        JUDGING(test_limits_that_are_not_held),
        JUDGING(test_nothing_is_judged_before_min_calls),
        JUDGING(test_what_cannot_be_mended_is_judged_at_once),
        JUDGING(test_cancelled_calls_have_not_failed),
        JUDGING(test_a_former_model_of_few_calls_is_not_held_against),
        JUDGING(test_chance_is_no_drift),
        JUDGING(test_min_calls_and_the_window),
        JUDGING(test_a_reason_names_every_broken_limit),
        JUDGING(test_watches_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
