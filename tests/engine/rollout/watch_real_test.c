/* SPDX-License-Identifier: Apache-2.0 */
/* Real model directories, each worse than the bundled model in its own way, as watches and shadow
 * calls see them. */
#define _GNU_SOURCE
#include "support/check.h"
#include "support/degraded_model.h"
#include "support/threads.h"

#include <math.h>
#include <mgeo.h>
#include <stdio.h>
#include <string.h>

#ifndef MGI_SOURCE_ROOT
#define MGI_SOURCE_ROOT "."
#endif

enum { PAIRS = 120, LINE_BYTES = 1024, FEW = 60, PATIENCE_MS = 60000 };

static const char base[] = MGI_SOURCE_ROOT "/models/mini";
static char root[TINY_PATH_BYTES];
static char lines[PAIRS][LINE_BYTES]; /* the texts' memory */
static mgeo_pair pairs[PAIRS];
static mgeo_engine *engine;
static mgeo_error error;

/* ---- the pairs ------------------------------------------------------------------------------- */

static int read_pairs(void **state) {
    (void)state;
    char heading[LINE_BYTES];
    FILE *file = fopen(MGI_SOURCE_ROOT "/examples/data/pairs.tsv", "r");
    assert_non_null(file);
    assert_non_null(fgets(heading, LINE_BYTES, file));
    for (uint32_t i = 0; i < PAIRS; i++) {
        char *a = fgets(lines[i], LINE_BYTES, file);
        assert_non_null(a);
        char *b = strchr(a, '\t');
        assert_non_null(b);
        *b++ = '\0';
        b[strcspn(b, "\t\r\n")] = '\0';
        pairs[i] = (mgeo_pair){a, MGEO_NUL_TERMINATED, b, MGEO_NUL_TERMINATED};
    }
    fclose(file);
    return 0;
}

/* ---- one engine per test --------------------------------------------------------------------- */

static void load(const char *path) {
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = "cpu", .precision = MGEO_FP32, .threads = 1};
    if (mgeo_load(engine, path, &options, NULL, &error) != MGEO_OK) fail_msg("%s", error.message);
}

/* Calls of one pair each; returns the last one's generation. */
static uint64_t call(uint32_t count) {
    uint64_t generation = 0;
    for (uint32_t i = 0; i < count; i++) {
        float similarity;
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
        if (mgeo_score(engine, &pairs[i % PAIRS], 1, &scores, &error) != MGEO_OK) {
            fail_msg("%s", error.message);
        }
        generation = scores.generation;
    }
    return generation;
}

/* The bundled model has answered so many calls, and another one waits. */
static void load_interference_bench(uint32_t calls, degraded_kind kind) {
    char path[TINY_PATH_BYTES];
    load(base);
    call(calls);
    degraded_model_write(base, root, kind, path);
    load(path);
}

static int begin(void **state) {
    (void)state;
    assert_int_equal(mgeo_engine_create(NULL, &engine, &error), MGEO_OK);
    tiny_models_begin(root);
    return 0;
}

static int end(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    tiny_models_end(root);
    return 0;
}

/* ---- the watch ------------------------------------------------------------------------------- */

static void print_checks(const mgeo_watch_report *report) {
    print_message("    state %d after %llu calls, %.2f s: %s\n", report->state,
                  (unsigned long long)report->calls, report->seconds, report->reason);
    for (uint32_t i = 0; i < report->check_count; i++) {
        print_message("    %-16s %8.4f  limit %8.4f  %d\n", report->checks[i].name,
                      report->checks[i].measured, report->checks[i].limit,
                      (int)report->checks[i].passed);
    }
}

/* Calls until the watch is over. */
static mgeo_watch_report await_end(void) {
    mgeo_watch_report report = {.struct_size = sizeof report, .state = MGEO_WATCH_RUNNING};
    for (int i = 0; i < PATIENCE_MS / 20 && report.state == MGEO_WATCH_RUNNING; i++) {
        call(i == 0 ? 50 : 10);
        test_sleep(20); /* for a look */
        assert_int_equal(mgeo_get_watch(engine, &report, &error), MGEO_OK);
    }
    print_checks(&report);
    return report;
}

static mgeo_watch_report swap_watched(mgeo_watch watch) {
    watch.struct_size = sizeof watch;
    mgeo_swap_options options = {.struct_size = sizeof options, .watch = &watch};
    if (mgeo_swap_model(engine, &options, NULL, &error) != MGEO_OK) fail_msg("%s", error.message);
    return await_end();
}

static void check_turned_back(const mgeo_watch_report *report, const char *name) {
    assert_int_equal(report->state, MGEO_WATCH_TURNED_BACK);
    assert_int_equal(call(1), 1);
    if (strstr(report->reason, name) == NULL) fail_msg("%s: %s", name, report->reason);
}

static void test_a_faithful_copy_passes(void **state) {
    (void)state;
    load_interference_bench(FEW, DEGRADED_NONE);
    mgeo_watch_report report = swap_watched((mgeo_watch){
        .window_calls = FEW, .max_error_rate = -1, .max_not_finite_rate = -1, .max_psi = 0.25});
    assert_int_equal(report.state, MGEO_WATCH_PASSED);
    assert_int_equal(call(1), 2);
    assert_true(report.checks[3].measured < 0.01);
}

static void test_nan_is_turned_back(void **state) {
    (void)state;
    load_interference_bench(0, DEGRADED_NAN);
    mgeo_watch_report report =
        swap_watched((mgeo_watch){.window_calls = 200, .max_not_finite_rate = 0.01});
    check_turned_back(&report, "not_finite_rate 1 > 0.01, after 50 calls");
}

/* Nothing but where the similarities lie gives these two away. */
static void test_permuted_labels_are_turned_back(void **state) {
    (void)state;
    load_interference_bench(PAIRS, DEGRADED_LABELS);
    mgeo_watch_report report = swap_watched((mgeo_watch){.window_calls = 1000, .max_psi = 0.25});
    check_turned_back(&report, "psi");
}

static void test_subtly_worse_is_turned_back(void **state) {
    (void)state;
    load_interference_bench(PAIRS, DEGRADED_SUBTLE);
    mgeo_watch_report report = swap_watched((mgeo_watch){.window_calls = 1000, .max_psi = 0.25});
    check_turned_back(&report, "psi");
}

/* The same answers: nothing but time. A canary, because other work on the machine then slows both
 * models down. */
static void test_slow_is_turned_back(void **state) {
    (void)state;
    load_interference_bench(0, DEGRADED_SLOW);
    mgeo_watch watch = {
        .struct_size = sizeof watch, .window_seconds = 3600, .max_latency_ratio = 1.5};
    mgeo_canary_options options = {.struct_size = sizeof options, .watch = &watch};
    assert_int_equal(mgeo_set_canary(engine, 5000, &options, &error), MGEO_OK);
    mgeo_watch_report report = await_end();
    check_turned_back(&report, "latency_ratio");
}

/* ---- what the shadow shows of them, before any of them answers ------------------------------- */

static mgeo_shadow_report shadow_calls(uint32_t count) {
    mgeo_shadow_options options = {.struct_size = sizeof options, .full_speed = 1};
    mgeo_shadow_report report = {.struct_size = sizeof report};
    assert_int_equal(mgeo_set_shadow(engine, MGEO_SHARE_ALL, &options, &error), MGEO_OK);
    call(count);
    for (int i = 0; i < PATIENCE_MS; i++) {
        assert_int_equal(mgeo_get_shadow(engine, &report, &error), MGEO_OK);
        if (report.waiting == 0) break;
        test_sleep(1);
    }
    print_message("    %llu of %llu pairs compared, %llu flips, shift_mean %.4f, shift_p99 %.3f, "
                  "psi %.4f\n",
                  (unsigned long long)report.compared, (unsigned long long)report.pairs,
                  (unsigned long long)report.flips, report.shift_mean, report.shift_p99,
                  report.psi);
    assert_int_equal(report.waiting, 0);
    assert_int_equal(report.pairs, count);
    assert_true(2 * report.compared > count);
    assert_int_equal(mgeo_set_shadow(engine, 0, NULL, &error), MGEO_OK);
    return report;
}

static void test_a_faithful_copy_in_the_shadow(void **state) {
    (void)state;
    load_interference_bench(0, DEGRADED_NONE);
    mgeo_shadow_report report = shadow_calls(FEW);
    assert_int_equal(report.flips, 0);
    assert_true(report.shift_max < 1e-4);
}

static void test_subtly_worse_shows_in_the_shadow(void **state) {
    (void)state;
    load_interference_bench(0, DEGRADED_SUBTLE);
    mgeo_shadow_report report = shadow_calls(PAIRS);
    assert_true((double)report.flips > 0.05 * (double)report.compared);
    assert_true(report.shift_mean > 0.01);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_faithful_copy_passes),
        TEST(test_nan_is_turned_back),
        TEST(test_permuted_labels_are_turned_back),
        TEST(test_subtly_worse_is_turned_back),
        TEST(test_slow_is_turned_back),
        TEST(test_a_faithful_copy_in_the_shadow),
        TEST(test_subtly_worse_shows_in_the_shadow),
    };
    return cmocka_run_group_tests(tests, read_pairs, NULL);
}
