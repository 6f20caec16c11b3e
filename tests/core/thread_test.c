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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nice_thread_leaves_the_others_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
