/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds of the history: counts, quantiles, gaps, and marks of what an engine did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "serve/operate/history.h"

static mgeo_engine *engine;

static int create_engine(void **state) {
    (void)state;
    return mgeo_engine_create(NULL, &engine, NULL) == MGEO_OK ? 0 : -1;
}

static int destroy_engine(void **state) {
    (void)state;
    mgeo_engine_destroy(engine);
    return 0;
}

static void assert_written(struct history *history, uint32_t seconds, const char *text) {
    struct string_buffer written = {0};
    history_write(history, seconds, &written);
    if (strstr(written.bytes, text) == NULL) print_error("%s lacks %s\n", written.bytes, text);
    assert_non_null(strstr(written.bytes, text));
    string_buffer_finish(&written);
}

static void answers_are_counted_by_second_and_slot(void **state) {
    (void)state;
    struct history *history = history_create();
    for (int i = 0; i < 99; i++) history_record(history, MGEO_BLUE, 1000000, false);
    history_record(history, MGEO_BLUE, 50000000, true);
    history_record(history, -1, 1, true); /* no model answered */
    history_tick(history, engine, 1000);
    history_record(history, MGEO_GREEN, 1000000, false);
    history_tick(history, engine, 1001);
    assert_written(history, 10, "\"begins\": 1000,");
    assert_written(history, 10, "\"blue\": {\"qps\": [100,0], \"p50\": [0.001016,null]");
    assert_written(history, 10, "\"p99\": [0.0");
    assert_written(history, 10, "\"errors\": [1,0]}, \"green\": {\"qps\": [0,1], \"p50\": [null,");
    assert_written(history, 1, "\"begins\": 1001,");
    assert_written(history, 1, "\"green\": {\"qps\": [1],");
    history_destroy(history);
}

static void seconds_without_a_tick_are_empty(void **state) {
    (void)state;
    struct history *history = history_create();
    history_record(history, MGEO_BLUE, 1000, false);
    history_tick(history, engine, 1000);
    history_record(history, MGEO_BLUE, 1000, false);
    history_tick(history, engine, 1000); /* too early: goes to the next second */
    history_tick(history, engine, 1003);
    assert_written(history, 3600, "\"blue\": {\"qps\": [1,0,0,1],");
    history_tick(history, engine, 900); /* the clock was set back */
    assert_written(history, 3600, "\"begins\": 900,");
    assert_written(history, 3600, "\"blue\": {\"qps\": [0],");
    history_destroy(history);
}

static void an_hour_is_kept(void **state) {
    (void)state;
    struct history *history = history_create();
    for (int64_t i = 0; i < 2 * HISTORY_SECONDS; i++) {
        history_record(history, MGEO_GREEN, UINT64_MAX, false);
        history_tick(history, engine, 5000 + i);
    }
    assert_written(history, 2 * HISTORY_SECONDS, "\"begins\": 8600,");
    history_destroy(history);
}

static void changes_are_marked(void **state) {
    (void)state;
    struct history *history = history_create();
    history_tick(history, engine, 1000);
    assert_written(history, 10, "\"marks\": []");
    const mgeo_load_options options = {
        .struct_size = sizeof options, .device = "cpu", .threads = 1, .version = "v1"};
    assert_int_equal(mgeo_load(engine, "/nowhere", &options, NULL, NULL), MGEO_E_IO);
    history_tick(history, engine, 1001);
    assert_written(history, 10, "{\"at\": 1001, \"event\": \"load_failed\", \"text\": \"\"}");
    history_destroy(history);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_counted_by_second_and_slot),
        cmocka_unit_test(seconds_without_a_tick_are_empty),
        cmocka_unit_test(an_hour_is_kept),
        cmocka_unit_test(changes_are_marked),
    };
    return cmocka_run_group_tests(tests, create_engine, destroy_engine);
}
