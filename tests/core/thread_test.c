/* SPDX-License-Identifier: Apache-2.0 */
/* Processors, clock, names and the token that tells a forked child. */
#define _GNU_SOURCE
#include "core/thread.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void the_clock_goes_forward(void **state) {
    (void)state;
    double before = mgi_clock_now();
    for (int i = 0; i < 1000; i++) {
        double now = mgi_clock_now();
        assert_true(now >= before);
        before = now;
    }
}

static void processors_follow_the_affinity(void **state) {
    (void)state;
    cpu_set_t all;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    unsigned usual = mgi_process_cpus();
    assert_true(usual >= 1 && usual <= (unsigned)CPU_COUNT(&all));
    int one = 0;
    while (!CPU_ISSET(one, &all)) one++;
    cpu_set_t single;
    CPU_ZERO(&single);
    CPU_SET(one, &single);
    assert_int_equal(sched_setaffinity(0, sizeof single, &single), 0);
    unsigned restricted = mgi_process_cpus();
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(restricted, 1);
}

/* A child's exit status: 0 if its token is another than the parent's. */
static int child_of(uint64_t token) {
    pid_t child = fork();
    if (child == 0) _exit(mgi_process_token() == token ? 1 : 0);
    assert_true(child > 0);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_child_has_another_token(void **state) {
    (void)state;
    uint64_t token = mgi_process_token();
    assert_int_equal(child_of(token), 0);
    assert_int_equal(mgi_process_token(), token);
    assert_int_equal(child_of(token), 0);
}

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
        cmocka_unit_test(the_clock_goes_forward),
        cmocka_unit_test(processors_follow_the_affinity),
        cmocka_unit_test(a_child_has_another_token),
        cmocka_unit_test(a_nice_thread_leaves_the_others_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
