/* SPDX-License-Identifier: Apache-2.0 */
/* Readiness and descriptions, with a model of the golden ones and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/service.h"

static struct service service;
static char reason[256];

static int set_up(void **state) {
    (void)state;
    memset(&service, 0, sizeof service);
    return mgeo_engine_create(NULL, &service.engine, NULL) == MGEO_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    mgeo_engine_destroy(service.engine);
    return 0;
}

static void load(const char *version) {
    char path[1024];
    mgeo_load_options options = {
        .struct_size = sizeof options, .device = "cpu", .threads = 1, .version = version};
    snprintf(path, sizeof path, "%s/mgeo", getenv("MGEO_GOLDEN"));
    assert_int_equal(mgeo_load(service.engine, path, &options, NULL, NULL), MGEO_OK);
}

static void not_ready_until_a_model_is_live(void **state) {
    (void)state;
    mgeo_model_info info;
    assert_false(service_is_ready(&service, reason, sizeof reason));
    assert_non_null(strstr(reason, "no model is live"));
    assert_false(service_live_info(&service, &info));
    load("one");
    assert_true(service_is_ready(&service, reason, sizeof reason));
    assert_string_equal(reason, "");
    assert_true(service_live_info(&service, &info));
    assert_string_equal(info.version, "one");
}

/* A model is live a moment before its load returns, and until then no other load is taken. */
static void not_ready_until_the_first_load_has_returned(void **state) {
    (void)state;
    atomic_store(&service.starting, true);
    load("one");
    assert_false(service_is_ready(&service, reason, sizeof reason));
    assert_non_null(strstr(reason, "first model"));
    atomic_store(&service.starting, false);
    assert_true(service_is_ready(&service, reason, sizeof reason));
}

static void not_ready_while_draining(void **state) {
    (void)state;
    load("one");
    atomic_store(&service.draining, true);
    assert_false(service_is_ready(&service, reason, sizeof reason));
    assert_non_null(strstr(reason, "draining"));
}

static void descriptions_follow_a_swap_and_outlive_an_unload(void **state) {
    (void)state;
    mgeo_model_info first, second, info;
    load("one");
    assert_true(service_live_info(&service, &first));
    load("two");
    assert_int_equal(mgeo_swap_model(service.engine, NULL, NULL, NULL), MGEO_OK);
    assert_true(service_live_info(&service, &second));
    assert_string_equal(second.version, "two");
    assert_int_equal(mgeo_unload(service.engine, NULL), MGEO_OK);
    assert_true(service_info_of(&service, first.generation, &info));
    assert_string_equal(info.version, "one");
    assert_false(service_info_of(&service, 1000, &info));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(not_ready_until_a_model_is_live, set_up, tear_down),
        cmocka_unit_test_setup_teardown(not_ready_until_the_first_load_has_returned, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(not_ready_while_draining, set_up, tear_down),
        cmocka_unit_test_setup_teardown(descriptions_follow_a_swap_and_outlive_an_unload, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
