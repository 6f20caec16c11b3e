/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of a whole engine: what is counted where, names that need care, and room for the text. */
#include "support/engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 1 << 17 };

static char metrics[TEXT_BYTES];

static void write_metrics(int32_t format) {
    size_t length = 0;
    mgeo_status status =
        mgeo_write_metrics(engine, format, metrics, sizeof metrics, &length, &error);
    if (status != MGEO_OK) fail_msg("%s", error.message);
    assert_int_equal(length, strlen(metrics));
}

/* The value of the sample that is written so: a whole name with its labels. */
static double value_of(const char *sample) {
    char start[256];
    int length = snprintf(start, sizeof start, "\n%s ", sample);
    const char *at = strstr(metrics, start);
    if (at == NULL) fail_msg("no sample %s", sample);
    return strtod(at + length, NULL);
}

static void check_value(const char *sample, double expected_value) {
    double value = value_of(sample);
    if (value != expected_value) fail_msg("%s is %f, not %f", sample, value, expected_value);
}

static void load_version(uint32_t model, const char *device, const char *version) {
    mgeo_load_options options = on(device);
    options.version = version;
    if (mgeo_load(engine, paths[model], &options, NULL, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
}

static mgeo_status score(const mgeo_pair *pairs, size_t count, uint64_t key) {
    float similarity[8];
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity, .route_key = key};
    return mgeo_score(engine, pairs, count, &scores, &error);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void test_engine_without_models(void **state) {
    (void)state;
    for (int32_t format = MGEO_METRICS_OPENMETRICS; format <= MGEO_METRICS_PROMETHEUS; format++) {
        write_metrics(format);
        check_value("mgeo_loads_total", 0);
        check_value("mgeo_swaps_total", 0);
        check_value("mgeo_watch_state{state=\"none\"}", 1);
        assert_non_null(strstr(metrics, "# TYPE mgeo_call_duration_seconds histogram\n"));
        assert_null(strstr(metrics, "slot="));
        bool ends = strcmp(metrics + strlen(metrics) - 6, "# EOF\n") == 0;
        assert_int_equal(ends, format == MGEO_METRICS_OPENMETRICS);
    }
}

static void test_calls_and_pairs_of_a_model(void **state) {
    (void)state;
    test_pair longest;
    mgeo_pair pairs[3] = {pair, test_make_pair(&longest, 3, 60), {"1", 1, "", 0}};
    const mgeo_pair unseen[2] = {{"1日路", 7, "1月路", 7}, {"1日路", 7, "1日路", 7}};
    load_version(0, "controllable", "v1");
    for (int i = 0; i < 4; i++) assert_int_equal(score(pairs, 3, 0), MGEO_OK);
    assert_int_equal(score(unseen, 2, 0), MGEO_OK);
    controllable_fail_runs(1, 1, MGEO_E_DEVICE);
    assert_int_equal(score(pairs, 1, 0), MGEO_E_DEVICE);
    write_metrics(MGEO_METRICS_PROMETHEUS);
    check_value("mgeo_calls_total{slot=\"blue\",version=\"v1\"}", 6);
    check_value("mgeo_pairs_total{slot=\"blue\",version=\"v1\"}", 10);
    check_value("mgeo_unknown_pairs_total{slot=\"blue\",version=\"v1\"}", 2);
    check_value("mgeo_unknown_differ_pairs_total{slot=\"blue\",version=\"v1\"}", 1);
    check_value("mgeo_capped_pairs_total{slot=\"blue\",version=\"v1\"}", 1);
    check_value("mgeo_bad_pairs_total{slot=\"blue\",version=\"v1\"}", 5);
    check_value("mgeo_truncated_pairs_total{slot=\"blue\",version=\"v1\"}", 4);
    check_value("mgeo_not_finite_pairs_total{slot=\"blue\",version=\"v1\"}", 0);
    check_value("mgeo_call_errors_total{slot=\"blue\",version=\"v1\",status=\"MGEO_E_DEVICE\"}", 1);
    check_value("mgeo_call_errors_total{slot=\"blue\",version=\"v1\",status=\"MGEO_E_IO\"}", 0);
    check_value("mgeo_call_duration_seconds_count{slot=\"blue\",version=\"v1\"}", 6);
    check_value("mgeo_call_duration_seconds_bucket{slot=\"blue\",version=\"v1\",le=\"+Inf\"}", 6);
    check_value("mgeo_queue_wait_seconds_count{slot=\"blue\",version=\"v1\"}", 11);
    check_value("mgeo_queue_pairs{slot=\"blue\",version=\"v1\"}", 0);
    check_value("mgeo_calls_in_flight{slot=\"blue\",version=\"v1\"}", 0);
    double sum = value_of("mgeo_call_duration_seconds_sum{slot=\"blue\",version=\"v1\"}");
    double longest_call = value_of("mgeo_longest_call_seconds{slot=\"blue\",version=\"v1\"}");
    assert_true(longest_call > 0 && sum >= longest_call);
    double fill = value_of("mgeo_batch_fill_ratio{slot=\"blue\",version=\"v1\"}");
    assert_true(fill > 0 && fill <= 1);
}

static void test_calls_in_flight_and_waiting(void **state) {
    (void)state;
    mgeo_load_options options = on("controllable");
    options.version = "v1";
    options.threads = 1;
    assert_int_equal(mgeo_load(engine, paths[0], &options, NULL, &error), MGEO_OK);
    controllable_hold(true);
    scoring_thread askers[3];
    pthread_t threads[3];
    pthread_create(&threads[0], NULL, score_once, &askers[0]);
    controllable_await_waiting(1); /* the only worker: what comes now waits */
    for (int i = 1; i < 3; i++) pthread_create(&threads[i], NULL, score_once, &askers[i]);
    do {
        write_metrics(MGEO_METRICS_PROMETHEUS);
    } while (value_of("mgeo_queue_pairs{slot=\"blue\",version=\"v1\"}") < 2);
    check_value("mgeo_calls_in_flight{slot=\"blue\",version=\"v1\"}", 3);
    controllable_hold(false);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
}

static void test_answers_that_are_not_finite(void **state) {
    (void)state;
    mgeo_pair unknown = {"1", 1, "#", 1};
    load_version(0, "controllable", "v1");
    controllable_poison(1); /* [UNK] */
    assert_int_equal(score(&unknown, 1, 0), MGEO_OK);
    write_metrics(MGEO_METRICS_OPENMETRICS);
    check_value("mgeo_not_finite_pairs_total{slot=\"blue\",version=\"v1\"}", 1);
    check_value("mgeo_bad_pairs_total{slot=\"blue\",version=\"v1\"}", 1);
}

static void test_a_rollout_is_counted(void **state) {
    (void)state;
    load_version(0, "fake", "v1");
    load_version(1, "fake", "v2");
    assert_int_not_equal(load_path("/nonexistent", NULL), MGEO_OK);
    assert_int_equal(mgeo_set_canary(engine, MGEO_SHARE_ALL / 4, NULL, &error), MGEO_OK);
    for (uint64_t key = 1; key <= 400; key++) assert_int_equal(score(&pair, 1, key), MGEO_OK);
    write_metrics(MGEO_METRICS_PROMETHEUS);
    double canary = value_of("mgeo_calls_total{slot=\"green\",version=\"v2\"}");
    assert_true(canary > 0 && canary < 400);
    check_value("mgeo_canary_calls_total", canary);
    check_value("mgeo_canary_share_ratio", 0.25);
    check_value("mgeo_model_live{slot=\"blue\",version=\"v1\"}", 1);
    check_value("mgeo_model_live{slot=\"green\",version=\"v2\"}", 0);
    check_value("mgeo_model_generation{slot=\"green\",version=\"v2\"}", 2);
    check_value("mgeo_loads_total", 2);
    check_value("mgeo_failed_loads_total", 1);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    mgeo_swap_options wrong = {.struct_size = sizeof wrong, .expect_generation = 7};
    assert_int_equal(mgeo_swap_model(engine, &wrong, NULL, &error), MGEO_E_REFUSED);
    assert_int_equal(score(&pair, 1, 1), MGEO_OK);
    write_metrics(MGEO_METRICS_PROMETHEUS);
    check_value("mgeo_swaps_total", 1);
    check_value("mgeo_refused_swaps_total", 1);
    check_value("mgeo_roll_backs_total{by=\"hand\"}", 1);
    check_value("mgeo_roll_backs_total{by=\"watch\"}", 0);
    check_value("mgeo_canary_share_ratio", 0);
    check_value("mgeo_canary_calls_total", canary);
}

static void test_a_watch_shows_its_state_and_limits(void **state) {
    (void)state;
    load_version(0, "fake", "v1");
    load_version(1, "fake", "v2");
    mgeo_watch watch = {
        .struct_size = sizeof watch, .window_seconds = 3600, .max_error_rate = 0.25};
    mgeo_swap_options options = {.struct_size = sizeof options, .watch = &watch};
    assert_int_equal(mgeo_swap_model(engine, &options, NULL, &error), MGEO_OK);
    write_metrics(MGEO_METRICS_PROMETHEUS);
    check_value("mgeo_watch_state{state=\"running\"}", 1);
    check_value("mgeo_watch_state{state=\"none\"}", 0);
    check_value("mgeo_watch_limit{check=\"error_rate\"}", 0.25);
    assert_null(strstr(metrics, "mgeo_watch_limit{check=\"psi\"}"));
}

static void test_shadow_calls_are_counted(void **state) {
    (void)state;
    mgeo_shadow_report report = {.struct_size = sizeof report};
    load_version(0, "fake", "v1");
    load_version(1, "fake", "v2");
    assert_int_equal(mgeo_set_shadow(engine, MGEO_SHARE_ALL, NULL, &error), MGEO_OK);
    for (int i = 0; i < 5; i++) assert_int_equal(score(&pair, 1, 0), MGEO_OK);
    do { /* a pair that finds the queue in use is dropped */
        assert_int_equal(mgeo_get_shadow(engine, &report, &error), MGEO_OK);
    } while (report.compared + report.dropped < 5);
    assert_true(report.compared > 0);
    write_metrics(MGEO_METRICS_PROMETHEUS);
    check_value("mgeo_shadow_share_ratio", 1);
    check_value("mgeo_shadow_calls_total", 5);
    check_value("mgeo_shadow_pairs_total", 5);
    check_value("mgeo_shadow_compared_pairs_total", (double)report.compared);
    check_value("mgeo_shadow_dropped_pairs_total", (double)report.dropped);
    check_value("mgeo_shadow_flips_total", (double)report.flips);
    assert_true(value_of("mgeo_shadow_mean_shift") > 0);
    check_value("mgeo_calls_total{slot=\"green\",version=\"v2\"}", 0);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_odd_version_names_are_escaped(void **state) {
    (void)state;
    load_version(0, "fake", "a\"b\\c\n西湖\t");
    load_version(1, "fake", "\xff{\xe6\x9d}");
    write_metrics(MGEO_METRICS_PROMETHEUS);
    check_value("mgeo_model_live{slot=\"blue\",version=\"a\\\"b\\\\c\\n西湖\t\"}", 1);
    check_value("mgeo_model_live{slot=\"green\",version=\"?{??}\"}", 0);
}

static void test_two_models_of_one_name(void **state) {
    (void)state;
    load_version(0, "fake", "same");
    load_version(1, "fake", "same");
    write_metrics(MGEO_METRICS_PROMETHEUS);
    check_value("mgeo_model_live{slot=\"blue\",version=\"same\"}", 1);
    check_value("mgeo_model_live{slot=\"green\",version=\"same\"}", 0);
}

/* ---- room ------------------------------------------------------------------------------------ */

static void test_length_is_told_before(void **state) {
    (void)state;
    load(0);
    size_t length = 0;
    assert_int_equal(mgeo_write_metrics(engine, 0, NULL, 0, &length, &error), MGEO_OK);
    write_metrics(MGEO_METRICS_OPENMETRICS);
    assert_int_equal(length, strlen(metrics));
    size_t again = 0;
    mgeo_status status = mgeo_write_metrics(engine, 0, metrics, length + 1, &again, &error);
    assert_int_equal(status, MGEO_OK);
    assert_int_equal(again, length);
}

static void test_too_little_room_is_refused_with_the_length(void **state) {
    (void)state;
    load(0);
    size_t length = 0;
    assert_int_equal(mgeo_write_metrics(engine, 1, NULL, 0, &length, &error), MGEO_OK);
    for (size_t capacity = 1; capacity <= length; capacity += length - 1) {
        size_t told = 0;
        strcpy(metrics, "before");
        mgeo_status status = mgeo_write_metrics(engine, 1, metrics, capacity, &told, &error);
        assert_int_equal(status, MGEO_E_CAPACITY);
        assert_int_equal(told, length);
        assert_string_equal(metrics, "");
        assert_non_null(strstr(error.message, "capacity"));
    }
}

static void test_without_memory_nothing_is_written(void **state) {
    (void)state;
    size_t length = 0;
    mgi_alloc_fail_at(1);
    mgeo_status status = mgeo_write_metrics(engine, 0, NULL, 0, &length, &error);
    mgi_alloc_fail_at(0);
    assert_int_equal(status, MGEO_E_MEMORY);
}

/* ---- beside calls ---------------------------------------------------------------------------- */

static atomic_bool over;

static void *keep_scoring(void *argument) {
    (void)argument;
    scoring_thread a;
    while (!atomic_load(&over)) score_once(&a);
    return NULL;
}

/* Every text is whole and sound while calls, swaps and loads go on; counters never fall. */
static void test_beside_calls_and_changes(void **state) {
    (void)state;
    load(0);
    load(1);
    atomic_store(&over, false);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, keep_scoring, NULL);
    double swaps = 0;
    for (uint32_t i = 0; i < 60; i++) {
        if (i % 8 == 7) load(i % MODELS);
        assert_int_equal(swap(), MGEO_OK);
        write_metrics((int32_t)(i % 2));
        assert_true(value_of("mgeo_swaps_total") == swaps + 1);
        swaps++;
        assert_non_null(strstr(metrics, "mgeo_watch_state{state=\"ended\"} "));
    }
    atomic_store(&over, true);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_engine_without_models),
        TEST(test_calls_and_pairs_of_a_model),
        TEST(test_calls_in_flight_and_waiting),
        TEST(test_answers_that_are_not_finite),
        TEST(test_a_rollout_is_counted),
        TEST(test_a_watch_shows_its_state_and_limits),
        TEST(test_shadow_calls_are_counted),
        TEST(test_odd_version_names_are_escaped),
        TEST(test_two_models_of_one_name),
        TEST(test_length_is_told_before),
        TEST(test_too_little_room_is_refused_with_the_length),
        TEST(test_without_memory_nothing_is_written),
        TEST(test_beside_calls_and_changes),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
