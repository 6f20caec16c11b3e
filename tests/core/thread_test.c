/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the library's own: their names and their priority. */
#define _GNU_SOURCE
#include "core/thread.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct seen {
    char name[16];
    int niceness;
} seen;

static int niceness_of_this_thread(void) {
    return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
}

static void *rename_and_yield(void *user) {
    seen *here = user;
    mgi_thread_name("mgeo-0123456789-too-long");
    pthread_getname_np(pthread_self(), here->name, sizeof here->name);
    mgi_thread_lower_priority();
    here->niceness = niceness_of_this_thread();
    return NULL;
}

static void a_nice_thread_leaves_the_others_alone(void **state) {
    (void)state;
    int before = niceness_of_this_thread();
    seen there = {"", -100};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, rename_and_yield, &there), 0);
    pthread_join(thread, NULL);
    assert_string_equal(there.name, "mgeo-0123456789");
    assert_true(there.niceness >= before && there.niceness >= 10);
    assert_int_equal(niceness_of_this_thread(), before);
}

/* More than a thread's whole stack, as glibc would count it. */
static _Thread_local volatile char large_thread_local[4 << 20];

enum { STACK_USED = 512 << 10 };

static void *use_stack(void *user) {
    volatile char used[STACK_USED];
    pthread_attr_t attributes;
    large_thread_local[sizeof large_thread_local - 1] = 1;
    for (size_t i = 0; i < sizeof used; i += 1024) used[i] = 1;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstacksize(&attributes, user);
    pthread_attr_destroy(&attributes);
    return NULL;
}

static void a_stack_is_small_and_is_large_enough(void **state) {
    (void)state;
    pthread_t thread;
    size_t bytes = 0;
    assert_int_equal(mgi_thread_start(&thread, use_stack, &bytes), 0);
    pthread_join(thread, NULL);
    assert_in_range(bytes, STACK_USED + 1, sizeof large_thread_local + (2 << 20));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* First: glibc hands the stacks of threads that have ended to others. */
        cmocka_unit_test(a_stack_is_small_and_is_large_enough),
        cmocka_unit_test(a_nice_thread_leaves_the_others_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
