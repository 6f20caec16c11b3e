/* SPDX-License-Identifier: Apache-2.0 */
/* Fewer threads can be started than are wished or asked for, as under a limit on processes. */
#define _GNU_SOURCE
#include "support/engine_fixture.h"

#include "core/process.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

/* ---- in the place of pthread_create ---------------------------------------------------------- */

static atomic_long may_start;

static bool take_one(void) {
    long left = atomic_load(&may_start);
    while (left > 0 && !atomic_compare_exchange_weak(&may_start, &left, left - 1)) {
    }
    return left > 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
                   void *argument) {
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *found = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&real, &found, sizeof real);
    return take_one() ? real(thread, attributes, body, argument) : EAGAIN;
}

/* ---- loads ----------------------------------------------------------------------------------- */

static mgeo_status load_on_threads(uint32_t model, uint32_t threads, mgeo_model_info *info) {
    mgeo_load_options options = on("fake");
    options.threads = threads;
    info->struct_size = sizeof *info;
    return mgeo_load(engine, paths[model], &options, info, &error);
}

static void without_any_thread_the_load_says_so(void **state) {
    (void)state;
    mgeo_model_info info;
    atomic_store(&may_start, 0);
    assert_int_equal(load_on_threads(0, 0, &info), MGEO_E_MEMORY);
    assert_non_null(strstr(error.message, "thread 0 of the engine cannot be started"));
    atomic_store(&may_start, 100);
    assert_int_equal(load_on_threads(0, 0, &info), MGEO_OK);
    check_answer(0, info.generation);
}

static void one_thread_serves_two_models(void **state) {
    (void)state;
    mgeo_model_info info, second;
    atomic_store(&may_start, 1);
    assert_int_equal(load_on_threads(0, 0, &info), MGEO_OK);
    assert_int_equal(info.threads, 1);
    bool fewer = mgi_process_cpus() > 1;
    assert_int_equal(strstr(info.warning, "only 1 of ") != NULL, fewer);
    assert_int_equal(was_logged("threads could be started"), fewer);
    check_answer(0, info.generation);
    assert_int_equal(load_on_threads(1, 0, &second), MGEO_OK);
    assert_int_equal(second.threads, 1);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(1, second.generation);
    assert_int_equal(swap(), MGEO_OK);
    check_answer(0, info.generation);
}

static void what_is_asked_for_by_number_is_refused(void **state) {
    (void)state;
    mgeo_model_info info;
    atomic_store(&may_start, 3);
    assert_int_equal(load_on_threads(0, 5, &info), MGEO_E_MEMORY);
    assert_non_null(strstr(error.message, "thread 3 of the engine cannot be started"));
    assert_int_equal(load_on_threads(0, 3, &info), MGEO_OK);
    assert_int_equal(info.threads, 3);
    assert_string_equal(info.warning, "");
    check_answer(0, info.generation);
    atomic_store(&may_start, 100);
    assert_int_equal(load_on_threads(1, 5, &info), MGEO_OK);
    assert_int_equal(info.threads, 5);
}

int main(void) {
#if defined(__SANITIZE_THREAD__)
    return 77; /* it replaces pthread_create itself */
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return 77;
#endif
#endif
    const struct CMUnitTest tests[] = {
        TEST(without_any_thread_the_load_says_so),
        TEST(one_thread_serves_two_models),
        TEST(what_is_asked_for_by_number_is_refused),
    };
    return cmocka_run_group_tests(tests, make_models, remove_models);
}
