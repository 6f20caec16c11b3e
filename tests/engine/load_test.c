/* SPDX-License-Identifier: Apache-2.0 */
/* Loads through the public functions, on the fake backend: what each does, and what each failure
 * leaves behind. */
#include "support/engine_fixture.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static void test_the_first_load_goes_live(void **state) {
    (void)state;
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(load_path(paths[0], &info), MGEO_OK);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.slot, MGEO_BLUE);
    assert_int_equal(info.live, 1);
    assert_int_equal(info.threads, 2);
    assert_int_equal(info.label_count, 3);
    assert_string_equal(info.version, "model-0");
    assert_string_equal(info.device, "fake");
    assert_true(info.load_seconds > 0);
    check_answer(0, 1);
    assert_true(was_logged("loaded model-0 as generation 1 into blue (live)"));
}

static void test_later_loads_stand_by(void **state) {
    (void)state;
    load(0);
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(load_path(paths[1], &info), MGEO_OK);
    assert_int_equal(info.generation, 2);
    assert_int_equal(info.slot, MGEO_GREEN);
    assert_int_equal(info.live, 0);
    check_answer(0, 1);
    assert_int_equal(load(2), 3); /* replaces the one on standby */
    assert_true(was_logged(", replacing model-1"));
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
    assert_int_equal(load(3), 4); /* replaces the first one */
    check_answer(2, 3);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(3, 4);
}

static void test_a_failed_load_changes_nothing(void **state) {
    (void)state;
    char broken[TINY_PATH_BYTES];
    tiny_model_write(root, "broken", &(tiny_model){.labels = 3}, broken);
    tiny_model_spoil(broken, "model.safetensors", "not a checkpoint");
    assert_int_not_equal(load_path(broken, NULL), MGEO_OK);
    assert_int_equal(mgeo_get_info(engine, MGEO_LIVE,
                                   &(mgeo_model_info){.struct_size = sizeof(mgeo_model_info)},
                                   &error),
                     MGEO_E_NO_MODEL);
    load(0);
    load(1);
    assert_int_equal(load_path(broken, NULL), MGEO_E_FORMAT);
    assert_non_null(strstr(error.message, "model.safetensors"));
    assert_true(was_logged("1 load failed, nothing has changed: "));
    assert_int_equal(load_path("/no/such/directory", NULL), MGEO_E_IO);
    mgeo_load_options options = on("toaster");
    assert_int_equal(mgeo_load(engine, paths[2], &options, NULL, &error), MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "fake"));
    options = on("controllable");
    controllable_fail_lanes(true);
    assert_int_equal(mgeo_load(engine, paths[2], &options, NULL, &error), MGEO_E_DEVICE);
    controllable_fail_lanes(false);
    options.skip_warm_up = 0;
    controllable_fail_runs(2, 1, MGEO_E_DEVICE);
    assert_int_equal(mgeo_load(engine, paths[2], &options, NULL, &error), MGEO_E_DEVICE);
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(1, 2);
    assert_int_equal(load(2), 3); /* failed loads take no generation */
}

static void test_one_load_at_a_time_and_swaps_meanwhile(void **state) {
    (void)state;
    load(0);
    load(1);
    loader slow = {.path = paths[2]};
    test_threads threads = {0};
    controllable_hold(true);
    test_threads_start(&threads, load_controllable, &slow);
    controllable_await_waiting(1);
    assert_int_equal(load_path(paths[3], NULL), MGEO_E_BUSY);
    int32_t stage;
    mgeo_progress_read(&slow.progress, &stage, NULL, NULL);
    assert_int_equal(stage, MGEO_STAGE_WARMING);
    check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK); /* green is live now: the load must take blue */
    check_answer(1, 2);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(slow.status, MGEO_OK);
    assert_int_equal(slow.slot, MGEO_BLUE);
    check_answer(1, 2);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(2, 3);
    assert_int_equal(load(3), 4); /* no longer busy */
}

static void test_a_load_can_be_cancelled(void **state) {
    (void)state;
    load(0);
    loader slow = {.path = paths[1]};
    test_threads threads = {0};
    controllable_hold(true);
    test_threads_start(&threads, load_controllable, &slow);
    controllable_await_waiting(1);
    mgeo_progress_cancel(&slow.progress);
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(slow.status, MGEO_E_CANCELLED);
    assert_int_equal(swap(), MGEO_E_NO_MODEL);
    check_answer(0, 1);
    mgeo_progress at_once = {0};
    mgeo_progress_cancel(&at_once);
    mgeo_load_options options = on("fake");
    options.progress = &at_once;
    assert_int_equal(mgeo_load(engine, paths[1], &options, NULL, &error), MGEO_E_CANCELLED);
    assert_int_equal(load(1), 2);
}

/* Waits in warm-up while held. */
static void *load_interference_bench(void *argument) {
    mgeo_model_info *info = argument;
    mgeo_load_options options = on("controllable");
    options.skip_warm_up = 0;
    mgeo_load(engine, paths[2], &options, info, NULL);
    return NULL;
}

static void test_a_load_says_what_live_traffic_felt(void **state) {
    (void)state;
    mgeo_model_info info = {.struct_size = sizeof info};
    assert_int_equal(load_path(paths[0], &info), MGEO_OK);
    assert_int_equal(info.live_calls_during, 0);
    assert_true(info.live_p99_before == 0 && info.live_p99_during == 0);
    assert_true(info.predicted_bytes > 0);
    load(1);
    for (int i = 0; i < 5; i++) check_answer(0, 1);
    test_threads threads = {0};
    controllable_hold(true);
    test_threads_start(&threads, load_interference_bench, &info);
    controllable_await_waiting(1);
    for (int i = 0; i < 4; i++) check_answer(0, 1);
    assert_int_equal(swap(), MGEO_OK);
    for (int i = 0; i < 3; i++) check_answer(1, 2); /* the other model's calls count too */
    controllable_hold(false);
    test_threads_join(&threads);
    assert_int_equal(info.generation, 3);
    assert_int_equal(info.live_calls_during, 7);
    assert_true(info.live_p99_before > 0);
    assert_true(info.live_p99_during > 0);
    mgeo_model_info asked = {.struct_size = sizeof asked};
    assert_int_equal(mgeo_get_info(engine, MGEO_STANDBY, &asked, NULL), MGEO_OK);
    assert_int_equal(asked.live_calls_during, 7);
}

/* The journal's last line, in memory of its own. */
static const char *last_line(const char *path) {
    static char line[8192];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
    }
    fclose(file);
    return line;
}

static void check_line(const char *path, const char *part) {
    const char *line = last_line(path);
    if (strstr(line, part) == NULL) fail_msg("no %s in %s", part, line);
}

static void test_loads_and_failed_loads_stand_in_the_journal(void **state) {
    (void)state;
    char journal[TINY_PATH_BYTES + 16];
    snprintf(journal, sizeof journal, "%s/journal", root);
    mgeo_engine_options with = {.struct_size = sizeof with, .journal = journal, .actor = "tester"};
    mgeo_engine_destroy(engine);
    assert_int_equal(mgeo_engine_create(&with, &engine, &error), MGEO_OK);
    load(0);
    check_line(journal, "\"event\":\"load\"");
    check_line(journal, "\"predicted_bytes\":");
    assert_null(strstr(last_line(journal), "\"replaced\""));
    load(1);
    mgeo_load_options options = on("fake");
    options.reason = "because";
    assert_int_equal(mgeo_load(engine, paths[2], &options, NULL, &error), MGEO_OK);
    check_line(journal, "\"reason\":\"because\"");
    check_line(journal, "\"replaced\":{\"generation\":2,");
    check_line(journal, "\"calls_drained\":0");
    check_line(journal, "\"live_p99_before\":");
    options.memory_limit = 1;
    options.actor = "somebody";
    assert_int_equal(mgeo_load(engine, paths[3], &options, NULL, &error), MGEO_E_REFUSED);
    check_line(journal, "\"event\":\"load_failed\"");
    check_line(journal, "\"actor\":\"somebody\"");
    check_line(journal, "\"status\":\"MGEO_E_REFUSED\"");
    check_line(journal, "model-3\"");
    check_line(journal, "memory_limit is 0.0 MB");
    mgeo_journal_report report = {.struct_size = sizeof report};
    assert_int_equal(mgeo_journal_verify(journal, &report, &error), MGEO_OK);
}

static void test_loads_beside_live_traffic_are_nice_and_workers_are_not(void **state) {
    (void)state;
    int own = controllable_own_nice();
    loader one = {.path = paths[0]};
    loader two = {.path = paths[1]};
    load_controllable(&one);
    assert_int_equal(one.status, MGEO_OK);
    assert_int_equal(controllable_open_nice(), own); /* nobody to be nice to */
    load_controllable(&two);
    assert_int_equal(two.status, MGEO_OK);
    assert_true(controllable_open_nice() >= 10);
    static controllable_run runs[64];
    unsigned count = controllable_runs(runs, 64);
    assert_in_range(count, 4, 64);
    assert_true(runs[count - 1].nice >= 10); /* warm-up of the second */
    unsigned wide = 0, wide_nice = 0;
    for (unsigned i = 0; i < count; i++) {
        wide += runs[i].cores > 1;
        wide_nice += runs[i].cores > 1 && runs[i].nice > own;
    }
    assert_true(wide > 0); /* alone, the first load takes all cores */
    assert_int_equal(wide_nice, 0);
    assert_int_equal(swap(), MGEO_OK);
    controllable_reset();
    check_answer(1, 2);
    assert_int_equal(controllable_runs(runs, 64), 1);
    assert_int_equal(runs[0].nice, own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_first_load_goes_live),
        TEST(test_later_loads_stand_by),
        TEST(test_a_failed_load_changes_nothing),
        TEST(test_one_load_at_a_time_and_swaps_meanwhile),
        TEST(test_a_load_can_be_cancelled),
        TEST(test_a_load_says_what_live_traffic_felt),
        TEST(test_loads_and_failed_loads_stand_in_the_journal),
        TEST(test_loads_beside_live_traffic_are_nice_and_workers_are_not),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
