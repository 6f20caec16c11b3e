/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the library's own: their names, their priority, their stacks, and after a fork. */
#define _GNU_SOURCE
#include "core/thread.h"

#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

/* ---- forks ----------------------------------------------------------------------------------- */

enum { LONGEST_SECONDS = 20 };

static int stay_in_the_linker(struct dl_phdr_info *object, size_t size, void *forked) {
    char byte;
    (void)object, (void)size;
    ssize_t got = read(*(int *)forked, &byte, 1); /* until the other end is closed */
    return got <= 0;
}

static void *walk_through_libraries(void *forked) {
    dl_iterate_phdr(stay_in_the_linker, forked);
    return NULL;
}

static void *do_nothing(void *user) { return user; }

/* Its exit status; killed where it hangs, by a signal that no thread can block. */
static int end_of(pid_t child) {
    int status = -1;
    for (int i = 0; i < LONGEST_SECONDS * 100; i++) {
        if (waitpid(child, &status, WNOHANG) == child) return status;
        usleep(10000);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return status;
}

/* Whatever a thread of the host's was doing then: the linker's locks stay taken in the child. */
static void a_child_starts_threads_whatever_another_thread_was_doing(void **state) {
    (void)state;
    int forked[2];
    pthread_t walker;
    assert_int_equal(pipe(forked), 0);
    assert_int_equal(pthread_create(&walker, NULL, walk_through_libraries, &forked[0]), 0);
    assert_int_equal(write(forked[1], "", 1), 1);
    usleep(100000); /* it is in there by then, or the test proves less */
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        _exit(mgi_thread_start(&thread, do_nothing, NULL) != 0 || pthread_join(thread, NULL) != 0);
    }
    int ended = end_of(child);
    close(forked[1]);
    pthread_join(walker, NULL);
    close(forked[0]);
    assert_int_equal(ended, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        /* First: glibc hands the stacks of threads that have ended to others. */
        cmocka_unit_test(a_stack_is_small_and_is_large_enough),
        cmocka_unit_test(a_nice_thread_leaves_the_others_alone),
        cmocka_unit_test(a_child_starts_threads_whatever_another_thread_was_doing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
