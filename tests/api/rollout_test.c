/* SPDX-License-Identifier: Apache-2.0 */
/* The manners of the rollout's public functions: what they refuse before anything happens. */
#include "support/engine_fixture.h"

#include <math.h>
#include <string.h>

static void check_refused(mgeo_status status, const char *part) {
    assert_int_equal(status, MGEO_E_ARGUMENT);
    assert_int_equal(error.status, MGEO_E_ARGUMENT);
    if (strstr(error.message, part) == NULL) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
    assert_null(strchr(error.message, '\n'));
}

static void test_without_an_engine(void **state) {
    (void)state;
    mgeo_job *job;
    size_t length;
    char copy[8];
    check_refused(mgeo_compare(NULL, NULL, NULL, &error), "engine is NULL");
    check_refused(mgeo_swap_model(NULL, NULL, NULL, &error), "engine is NULL");
    check_refused(mgeo_roll_back(NULL, NULL, NULL, &error), "engine is NULL");
    check_refused(mgeo_get_watch(NULL, NULL, &error), "engine is NULL");
    check_refused(mgeo_set_canary(NULL, 0, NULL, &error), "engine is NULL");
    check_refused(mgeo_set_shadow(NULL, 0, NULL, &error), "engine is NULL");
    check_refused(mgeo_get_shadow(NULL, NULL, &error), "engine is NULL");
    check_refused(mgeo_get_shadow_pair(NULL, 0, NULL, copy, 8, NULL, 0, &error), "engine is NULL");
    check_refused(mgeo_get_rollout(NULL, NULL, &error), "engine is NULL");
    check_refused(mgeo_write_metrics(NULL, 0, NULL, 0, &length, &error), "engine is NULL");
    check_refused(mgeo_job_begin(NULL, NULL, &job, &error), "engine is NULL");
    check_refused(mgeo_job_get_info(NULL, NULL, &error), "job is NULL");
}

static void test_where_an_answer_should_go(void **state) {
    (void)state;
    check_refused(mgeo_get_watch(engine, NULL, &error), "report is NULL");
    check_refused(mgeo_get_shadow(engine, NULL, &error), "report is NULL");
    check_refused(mgeo_get_rollout(engine, NULL, &error), "rollout is NULL");
    check_refused(mgeo_write_metrics(engine, 0, NULL, 0, NULL, &error), "length is NULL");
    check_refused(mgeo_predict_memory(NULL, NULL, NULL, &error), "memory is NULL");
    check_refused(mgeo_journal_verify(NULL, NULL, &error), "path is NULL");
    check_refused(mgeo_journal_verify("journal", NULL, &error), "report is NULL");
    mgeo_rollout unsized = {0};
    check_refused(mgeo_get_rollout(engine, &unsized, &error), "struct_size");
}

static void test_wrong_comparisons_are_refused(void **state) {
    (void)state;
    mgeo_compare_report report = {.struct_size = sizeof report};
    mgeo_compare_options options = {.struct_size = sizeof options};
    check_refused(mgeo_compare(engine, NULL, &report, &error), "options is NULL");
    check_refused(mgeo_compare(engine, &options, &report, &error), "count is 0");
    options.count = 1;
    check_refused(mgeo_compare(engine, &options, &report, &error), "pairs is NULL");
    options.pairs = &pair;
    check_refused(mgeo_compare(engine, &options, NULL, &error), "report is NULL");
    options.full_speed = 2;
    check_refused(mgeo_compare(engine, &options, &report, &error), "full_speed is 2");
    options.full_speed = 0;
    options.count = SIZE_MAX / 2;
    check_refused(mgeo_compare(engine, &options, &report, &error), "no array is that large");
    options.count = 1;
    mgeo_shift shift;
    report.worst = &shift;
    report.worst_capacity = SIZE_MAX / sizeof shift + 1;
    check_refused(mgeo_compare(engine, &options, &report, &error), "no array is that large");
    report.struct_size = offsetof(mgeo_compare_report, flip_matrix) + 8;
    check_refused(mgeo_compare(engine, &options, &report, &error), "struct_size");
    mgeo_gate gate = {.struct_size = sizeof gate, .pairs = &pair, .count = SIZE_MAX};
    mgeo_swap_options by_gate = {.struct_size = sizeof by_gate, .gate = &gate};
    check_refused(mgeo_swap_model(engine, &by_gate, NULL, &error), "no array is that large");
    gate.struct_size = offsetof(mgeo_gate, max_shift) + 4;
    check_refused(mgeo_swap_model(engine, &by_gate, NULL, &error), "mgeo_gate.struct_size");
    mgeo_watch_report watched = {.struct_size = offsetof(mgeo_watch_report, checks) + 8};
    check_refused(mgeo_get_watch(engine, &watched, &error), "struct_size");
    mgeo_shadow_report shadowed = {.struct_size = offsetof(mgeo_shadow_report, flip_matrix) + 16};
    check_refused(mgeo_get_shadow(engine, &shadowed, &error), "struct_size");
    mgeo_journal_report journal = {.struct_size = offsetof(mgeo_journal_report, reason) + 8};
    check_refused(mgeo_journal_verify("journal", &journal, &error), "struct_size");
    mgeo_canary_options canary = {.struct_size = sizeof canary - 4};
    check_refused(mgeo_set_canary(engine, 0, &canary, &error), "struct_size");
    mgeo_shadow_options shadow = {.struct_size = sizeof shadow - 4};
    check_refused(mgeo_set_shadow(engine, 0, &shadow, &error), "struct_size");
    mgeo_roll_back_options back = {.struct_size = sizeof back - 4};
    check_refused(mgeo_roll_back(engine, &back, NULL, &error), "struct_size");
}

static mgeo_status swap_with(const mgeo_gate *gate, const mgeo_watch *watch) {
    mgeo_swap_options options = {.struct_size = sizeof options, .gate = gate, .watch = watch};
    return mgeo_swap_model(engine, &options, NULL, &error);
}

static void test_wrong_gates_and_watches_are_refused(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_gate gate = {.struct_size = sizeof gate};
    check_refused(swap_with(&gate, NULL), "count is 0");
    gate.count = 1;
    check_refused(swap_with(&gate, NULL), "pairs is NULL");
    gate.pairs = &pair;
    gate.max_accuracy_loss = 0.01;
    check_refused(swap_with(&gate, NULL), "gold");
    gate.max_accuracy_loss = 0;
    gate.max_psi = (mgeo_limit)NAN;
    check_refused(swap_with(&gate, NULL), "max_psi");
    mgeo_watch watch = {0};
    check_refused(swap_with(NULL, &watch), "struct_size");
    watch.struct_size = sizeof watch;
    check_refused(swap_with(NULL, &watch), "window");
    watch.window_seconds = -1;
    check_refused(swap_with(NULL, &watch), "window_seconds");
    check_answer(0, 1); /* nothing has turned */
}

static void test_wrong_shares_are_refused(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_watch watch = {.struct_size = sizeof watch, .window_calls = 10};
    mgeo_canary_options canary = {.struct_size = sizeof canary, .watch = &watch};
    mgeo_shadow_options shadow = {.struct_size = sizeof shadow, .full_speed = 2};
    char copy[8];
    check_refused(mgeo_set_canary(engine, 10001, NULL, &error), "10001");
    check_refused(mgeo_set_canary(engine, 0, &canary, &error), "share 0");
    check_refused(mgeo_set_shadow(engine, 10001, NULL, &error), "10001");
    check_refused(mgeo_set_shadow(engine, 1, &shadow, &error), "full_speed is 2");
    shadow.full_speed = 0;
    shadow.worst_pairs = 1025;
    check_refused(mgeo_set_shadow(engine, 1, &shadow, &error), "worst_pairs");
    check_refused(mgeo_get_shadow_pair(engine, 0, NULL, copy, 0, NULL, 0, &error), "a_capacity");
    check_refused(mgeo_get_shadow_pair(engine, 0, NULL, copy, 8, NULL, 0, &error), "rank");
}

static void test_wrong_queries_are_refused(void **state) {
    (void)state;
    size_t length;
    check_refused(mgeo_write_metrics(engine, 2, NULL, 0, &length, &error), "format is 2");
    check_refused(mgeo_write_metrics(engine, 0, NULL, 1, &length, &error), "text is NULL");
    char long_actor[200];
    memset(long_actor, 'a', sizeof long_actor - 1);
    long_actor[sizeof long_actor - 1] = '\0';
    mgeo_engine *other;
    mgeo_engine_options options = {.struct_size = sizeof options, .actor = long_actor};
    check_refused(mgeo_engine_create(&options, &other, &error), "actor");
    assert_null(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_without_an_engine),
        TEST(test_where_an_answer_should_go),
        TEST(test_wrong_comparisons_are_refused),
        TEST(test_wrong_gates_and_watches_are_refused),
        TEST(test_wrong_shares_are_refused),
        TEST(test_wrong_queries_are_refused),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
