/* SPDX-License-Identifier: Apache-2.0 */
/* A slot whose device has failed: what it says, and that the other slot and the way out are open.
 */
#include "support/engine_fixture.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static mgeo_status score_one(float *similarity) {
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
    return mgeo_score(engine, &pair, 1, &scores, &error);
}

static int32_t healthy(int32_t slot) {
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(mgeo_get_info(engine, slot, &info, &error), MGEO_OK);
    return info.healthy;
}

static void check_metric(const char *slot, int value) {
    static char metrics[1 << 17];
    char line[96];
    size_t length;
    assert_int_equal(mgeo_write_metrics(engine, MGEO_METRICS_PROMETHEUS, metrics, sizeof metrics,
                                        &length, &error),
                     MGEO_OK);
    snprintf(line, sizeof line, "\nmgeo_model_healthy{slot=\"%s\",version=", slot);
    const char *at = strstr(metrics, line);
    assert_non_null(at);
    at = strstr(at, "} ");
    assert_int_equal(at[2] - '0', value);
}

static void load_on(uint32_t model, const char *device) {
    mgeo_load_options options = on(device);
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_load(engine, paths[model], &options, &info, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(info.healthy, 1);
}

static void lose_device(void) {
    float similarity = 0;
    controllable_fail_runs(1, LONG_MAX, MGEO_E_DEVICE); /* on whichever worker's lane */
    controllable_fail_lanes(true);
    assert_int_equal(score_one(&similarity), MGEO_E_DEVICE);
    assert_true(isnan(similarity));
}

static void test_every_call_says_what_to_do(void **state) {
    (void)state;
    load_on(0, "controllable");
    check_metric("blue", 1);
    lose_device();
    for (int i = 0; i < 3; i++) {
        float similarity = 0;
        assert_non_null(
            strstr(error.message, "device controllable has failed and does not open again"));
        assert_non_null(strstr(error.message, "load a model on another device and swap"));
        assert_int_equal(healthy(MGEO_LIVE), 0);
        check_metric("blue", 0);
        assert_int_equal(score_one(&similarity), MGEO_E_DEVICE);
    }
    mgeo_stats stats = {.struct_size = sizeof stats};
    assert_int_equal(mgeo_get_stats(engine, MGEO_LIVE, &stats, &error), MGEO_OK);
    assert_int_equal(stats.failed_by[MGEO_E_DEVICE], 4);
}

static void test_the_other_slot_goes_on(void **state) {
    (void)state;
    load_on(0, "fake");
    load_on(1, "controllable");
    assert_int_equal(swap(), MGEO_OK);
    lose_device();
    assert_int_equal(healthy(MGEO_LIVE), 0);
    assert_int_equal(healthy(MGEO_STANDBY), 1);
    check_metric("blue", 1);
    check_metric("green", 0);
    assert_int_equal(mgeo_roll_back(engine, NULL, NULL, &error), MGEO_OK);
    check_answer(0, 1);
    assert_int_equal(healthy(MGEO_LIVE), 1);
    assert_int_equal(mgeo_unload(engine, &error), MGEO_OK); /* the failed one goes without a hang */
}

static void test_loading_elsewhere_is_a_way_out(void **state) {
    (void)state;
    load_on(0, "controllable");
    lose_device();
    assert_int_equal(load(2), 2);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 2);
    assert_int_equal(healthy(MGEO_STANDBY), 0);
}

static void test_a_device_that_comes_back_is_healthy(void **state) {
    (void)state;
    load_on(0, "controllable");
    mgeo_job *job = NULL;
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(mgeo_job_begin(engine, NULL, &job, &error), MGEO_OK);
    lose_device();
    assert_int_equal(mgeo_job_get_info(job, &info, &error), MGEO_OK);
    assert_int_equal(info.healthy, 0);
    controllable_fail_runs(0, 0, MGEO_OK);
    controllable_fail_lanes(false);
    check_answer(0, 1);
    assert_int_equal(mgeo_job_get_info(job, &info, &error), MGEO_OK);
    assert_int_equal(info.healthy, 1);
    check_metric("blue", 1);
    mgeo_job_end(job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_call_says_what_to_do),
        TEST(test_the_other_slot_goes_on),
        TEST(test_loading_elsewhere_is_a_way_out),
        TEST(test_a_device_that_comes_back_is_healthy),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
