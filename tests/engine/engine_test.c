/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on the fake backend, through the public functions: questions, forks, ends, and memory
 * that is not there. */
#define _GNU_SOURCE
#include "support/engine_fixture.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- questions ------------------------------------------------------------------------------- */

static void test_infos_follow_the_models(void **state) {
    (void)state;
    mgeo_model_info info = {.struct_size = sizeof info};
    for (int32_t slot = MGEO_BLUE; slot <= MGEO_STANDBY; slot++) {
        assert_int_equal(mgeo_get_info(engine, slot, &info, &error), MGEO_E_NO_MODEL);
    }
    load(2);
    load(1);
    assert_int_equal(mgeo_get_info(engine, MGEO_LIVE, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.live, 1);
    assert_int_equal(mgeo_get_info(engine, MGEO_STANDBY, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 2);
    assert_int_equal(info.live, 0);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(mgeo_get_info(engine, MGEO_BLUE, &info, &error), MGEO_OK);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.live, 0);
    assert_int_equal(info.unused_tensors, 2);
    char name[32];
    assert_int_equal(mgeo_get_unused_tensor(engine, MGEO_BLUE, 1, name, sizeof name, &error),
                     MGEO_OK);
    assert_string_equal(name, "spare.1");
    assert_int_equal(mgeo_get_unused_tensor(engine, MGEO_BLUE, 0, name, 4, &error), MGEO_OK);
    assert_string_equal(name, "spa");
    assert_int_equal(mgeo_get_unused_tensor(engine, MGEO_BLUE, 2, name, sizeof name, &error),
                     MGEO_E_ARGUMENT);
}

static void check_field(uint64_t index, int32_t harmless, const char *name) {
    mgeo_unused_field field = {.struct_size = sizeof field};
    if (mgeo_get_unused_field(engine, MGEO_LIVE, index, &field, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(field.harmless, harmless);
    assert_string_equal(field.name, name);
    assert_int_equal(field.reason[0] == '\0', !harmless);
}

static void test_unused_fields_are_told(void **state) {
    (void)state;
    char path[TINY_PATH_BYTES];
    mgeo_model_info info = {.struct_size = sizeof info};
    tiny_model_write(root, "fields", &(tiny_model){.labels = 3}, path);
    assert_int_equal(load_path(path, &info), MGEO_OK);
    const uint64_t before = info.unused_fields;
    tiny_model_spoil(path, "special_tokens_map.json",
                     "{\"new\\u0007\":{\"a\":1},\"cls_token\":null}");
    tiny_model_spoil(path, "configuration.json",
                     "{\"framework\":\"pytorch\",\"pipeline\":{},\"model\":{\"odd\":0}}");
    assert_int_equal(load_path(path, &info), MGEO_OK);
    assert_int_equal(swap(), MGEO_OK);
    assert_int_equal(info.unused_fields, before + 3);
    assert_int_equal(info.unknown_fields, 2);
    check_field(before, 1, "pipeline");
    check_field(before + 1, 0, "model.odd");
    check_field(before + 2, 0, "new\\x07");
    mgeo_unused_field field = {.struct_size = sizeof field};
    assert_int_equal(mgeo_get_unused_field(engine, MGEO_LIVE, before + 3, &field, &error),
                     MGEO_E_ARGUMENT);
    assert_non_null(strstr(error.message, "unused fields"));
}

static void test_stats_are_per_model(void **state) {
    (void)state;
    load(0);
    load(1);
    for (int i = 0; i < 5; i++) ask(NULL);
    mgeo_stats stats = {.struct_size = sizeof stats};
    assert_int_equal(mgeo_get_stats(engine, MGEO_LIVE, &stats, &error), MGEO_OK);
    assert_int_equal(stats.generation, 1);
    assert_int_equal(stats.calls, 5);
    assert_int_equal(stats.pairs, 5);
    assert_int_equal(stats.failed_calls, 0);
    assert_int_equal(mgeo_get_stats(engine, MGEO_STANDBY, &stats, &error), MGEO_OK);
    assert_int_equal(stats.generation, 2);
    assert_int_equal(stats.calls, 0);
}

/* ---- processes and memory -------------------------------------------------------------------- */

static int in_the_child(void) {
    float similarity;
    mgeo_scores scores = {.struct_size = sizeof scores, .similarity = &similarity};
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_stats stats = {.struct_size = sizeof stats};
    char name[8];
    if (mgeo_score(engine, &pair, 1, &scores, &error) != MGEO_E_FORKED) return 1;
    if (error.status != MGEO_E_FORKED || strstr(error.message, "fork") == NULL) return 2;
    if (mgeo_load(engine, paths[1], NULL, NULL, NULL) != MGEO_E_FORKED) return 3;
    if (mgeo_swap_model(engine, NULL, NULL, NULL) != MGEO_E_FORKED) return 4;
    if (mgeo_unload(engine, NULL) != MGEO_E_FORKED) return 5;
    if (mgeo_get_info(engine, MGEO_LIVE, &info, NULL) != MGEO_E_FORKED) return 6;
    if (mgeo_get_stats(engine, MGEO_LIVE, &stats, NULL) != MGEO_E_FORKED) return 7;
    if (mgeo_get_unused_tensor(engine, 0, 0, name, 8, NULL) != MGEO_E_FORKED) return 8;
    mgeo_engine_destroy(engine);
    mgeo_engine *own = NULL;
    if (mgeo_engine_create(NULL, &own, NULL) != MGEO_OK) return 9;
    mgeo_engine_destroy(own);
    return 0;
}

static void test_a_child_process_gets_a_clear_error(void **state) {
    (void)state;
    load(0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(in_the_child());
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    check_answer(0, 1);
}

static void test_every_allocation_of_a_load_may_fail(void **state) {
    (void)state;
    load(0);
    load(1);
    mgeo_load_options options = on("fake");
    options.skip_warm_up = 0;
    for (long nth = 1;; nth++) {
        mgi_alloc_fail_at(nth);
        mgeo_status status = mgeo_load(engine, paths[2], &options, NULL, &error);
        long count = mgi_alloc_count();
        mgi_alloc_fail_at(0);
        if (status == MGEO_OK) {
            assert_true(nth > count);
            assert_true(nth > 20);
            break;
        }
        assert_int_equal(status, MGEO_E_MEMORY);
        assert_int_equal(error.status, MGEO_E_MEMORY);
        assert_int_equal(swap(), MGEO_OK); /* both models are still there */
        check_answer(nth % 2 == 1 ? 1 : 0, nth % 2 == 1 ? 2 : 1);
    }
}

static void test_an_engine_that_cannot_be_made(void **state) {
    (void)state;
    mgeo_engine *other = engine;
    mgi_alloc_fail_at(1);
    assert_int_equal(mgeo_engine_create(NULL, &other, &error), MGEO_E_MEMORY);
    mgi_alloc_fail_at(0);
    assert_null(other);
    mgeo_engine_options options = {.struct_size = sizeof options, .queue_rows = UINT64_MAX};
    assert_int_equal(mgeo_engine_create(&options, &other, &error), MGEO_E_ARGUMENT);
}

static void test_destroyed_right_after_scoring(void **state) {
    (void)state;
    for (int i = 0; i < 50; i++) {
        mgeo_engine *own = NULL;
        assert_int_equal(mgeo_engine_create(NULL, &own, NULL), MGEO_OK);
        mgeo_load_options options = on("fake");
        assert_int_equal(mgeo_load(own, paths[0], &options, NULL, NULL), MGEO_OK);
        if (i % 2 == 0) assert_int_equal(mgeo_load(own, paths[1], &options, NULL, NULL), MGEO_OK);
        float similarity[3];
        mgeo_pair three[3] = {pair, pair, pair};
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = similarity};
        assert_int_equal(mgeo_score(own, three, 3, &scores, NULL), MGEO_OK);
        mgeo_engine_destroy(own);
        assert_float_equal(similarity[2], expected[0], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_infos_follow_the_models),
        TEST(test_unused_fields_are_told),
        TEST(test_stats_are_per_model),
        TEST(test_a_child_process_gets_a_clear_error),
        TEST(test_every_allocation_of_a_load_may_fail),
        TEST(test_an_engine_that_cannot_be_made),
        TEST(test_destroyed_right_after_scoring),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
