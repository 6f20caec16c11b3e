/* SPDX-License-Identifier: Apache-2.0 */
/* Long work: in whose thread it runs, and that it is waited for. */
#define _GNU_SOURCE
#include "core/background.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct seen {
    pthread_t thread;
    int niceness;
    int runs;
} seen;

static void look_around(void *argument) {
    seen *here = argument;
    here->thread = pthread_self();
    here->niceness = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
    here->runs++;
}

static void work_in_the_background_runs_at_low_priority_and_is_waited_for(void **state) {
    (void)state;
    seen there = {.runs = 0};
    mgi_background_run(true, look_around, &there);
    assert_int_equal(there.runs, 1);
    assert_int_equal(there.niceness, 19);
}

static void other_work_runs_in_the_callers_thread(void **state) {
    (void)state;
    seen here = {.runs = 0};
    int before = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
    mgi_background_run(false, look_around, &here);
    assert_int_equal(here.runs, 1);
    assert_true(pthread_equal(here.thread, pthread_self()));
    assert_int_equal(here.niceness, before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_in_the_background_runs_at_low_priority_and_is_waited_for),
        cmocka_unit_test(other_work_runs_in_the_callers_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
