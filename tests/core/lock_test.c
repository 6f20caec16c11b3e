/* SPDX-License-Identifier: Apache-2.0 */
/* The account of held locks: orders that are kept pass, all others end the program with a line. */
#define _GNU_SOURCE
#include "core/clock.h"
#include "core/lock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static mgi_lock engine, runner, other_runner, pool;

static int init_locks(void **state) {
    (void)state;
    return mgi_lock_init(&engine, MGI_LOCK_ENGINE) | mgi_lock_init(&runner, MGI_LOCK_RUNNER) |
           mgi_lock_init(&other_runner, MGI_LOCK_RUNNER) |
           mgi_lock_init(&pool, MGI_LOCK_THREAD_POOL);
}

static int finish_locks(void **state) {
    (void)state;
    mgi_lock_finish(&pool);
    mgi_lock_finish(&other_runner);
    mgi_lock_finish(&runner);
    mgi_lock_finish(&engine);
    return 0;
}

/* ---- what must end the program --------------------------------------------------------------- */

static void run_child(void (*body)(void), int output) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(SIGABRT, SIG_DFL);
    dup2(output, STDERR_FILENO);
    body();
    _exit(0);
}

/* Runs body in a child, which must be aborted with a line that holds all of `said`. */
static void expect_abort(void (*body)(void), const char *said) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) run_child(body, ends[1]);
    close(ends[1]);
    char line[256] = "";
    FILE *output = fdopen(ends[0], "r");
    assert_non_null(output);
    char *read = fgets(line, sizeof line, output);
    fclose(output);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(read);
    assert_non_null(strstr(line, said));
}

static void take_engine_after_pool(void) {
    mgi_lock_acquire(&pool);
    mgi_lock_acquire(&engine);
}

static void try_engine_after_pool(void) {
    mgi_lock_acquire(&pool);
    mgi_lock_try(&engine);
}

static void a_lock_taken_out_of_order_is_named_with_the_one_held(void **state) {
    (void)state;
    expect_abort(take_engine_after_pool, "\"engine\" is taken while \"thread pool\" is held");
    expect_abort(try_engine_after_pool, "\"engine\" is taken while \"thread pool\" is held");
}

static void take_runner_twice(void) {
    mgi_lock_acquire(&runner);
    mgi_lock_acquire(&runner);
}

static void take_two_runners(void) {
    mgi_lock_acquire(&runner);
    mgi_lock_acquire(&other_runner);
}

static void two_locks_of_one_rank_are_caught(void **state) {
    (void)state;
    expect_abort(take_runner_twice, "\"runner\" is taken while \"runner\" is held");
    expect_abort(take_two_runners, "\"runner\" is taken while \"runner\" is held");
}

static void take_in_order_but_one(void) {
    mgi_lock_acquire(&engine);
    mgi_lock_acquire(&pool);
    mgi_lock_acquire(&runner);
}

static void the_innermost_lock_counts_not_the_first(void **state) {
    (void)state;
    expect_abort(take_in_order_but_one, "\"runner\" is taken while \"thread pool\" is held");
}

static void release_what_is_not_held(void) { mgi_lock_release(&runner); }

static void a_release_of_what_is_not_held_is_caught(void **state) {
    (void)state;
    expect_abort(release_what_is_not_held, "\"runner\" is released");
}

static void wait_for_engine_with_runner_held(void) {
    pthread_cond_t never;
    mgi_lock_cond_init(&never);
    mgi_lock_acquire(&engine);
    mgi_lock_acquire(&runner);
    mgi_lock_wait_until(&engine, &never, mgi_clock_now());
}

static void a_wait_takes_its_lock_again_in_order_or_is_caught(void **state) {
    (void)state;
    expect_abort(wait_for_engine_with_runner_held, "\"engine\" is taken while \"runner\" is held");
}

/* ---- what is allowed ------------------------------------------------------------------------- */

static void locks_in_order_may_be_released_in_any(void **state) {
    (void)state;
    mgi_lock_acquire(&engine);
    mgi_lock_acquire(&runner);
    mgi_lock_acquire(&pool);
    mgi_lock_release(&engine);
    mgi_lock_release(&pool);
    mgi_lock_release(&runner);
    mgi_lock_acquire(&engine); /* nothing is left in the account */
    mgi_lock_release(&engine);
}

static void *hold_runner_until_told(void *argument) {
    int *ends = argument;
    char byte = 0;
    mgi_lock_acquire(&runner);
    ssize_t told = write(ends[1], &byte, 1);
    told += read(ends[2], &byte, 1);
    mgi_lock_release(&runner);
    return told == 2 ? argument : NULL;
}

static void a_try_that_fails_leaves_no_trace(void **state) {
    (void)state;
    int here[2], there[2];
    char byte = 0;
    pthread_t thread;
    assert_int_equal(pipe(here) | pipe(there), 0);
    int ends[3] = {-1, here[1], there[0]};
    assert_int_equal(pthread_create(&thread, NULL, hold_runner_until_told, ends), 0);
    assert_int_equal(read(here[0], &byte, 1), 1);
    assert_false(mgi_lock_try(&runner));
    mgi_lock_acquire(&engine); /* which could not be, were the runner on the account */
    mgi_lock_release(&engine);
    assert_int_equal(write(there[1], &byte, 1), 1);
    void *told = NULL;
    pthread_join(thread, &told);
    assert_non_null(told);
    assert_true(mgi_lock_try(&runner));
    mgi_lock_release(&runner);
    for (int i = 0; i < 2; i++) {
        close(here[i]);
        close(there[i]);
    }
}

typedef struct meeting {
    pthread_cond_t changed;
    bool waits, woken;
} meeting;

static void *wake_the_one_who_waits(void *argument) {
    meeting *met = argument;
    mgi_lock_acquire(&engine); /* in a thread that holds nothing yet, whatever others hold */
    while (!met->waits) mgi_lock_wait(&engine, &met->changed);
    met->woken = true;
    pthread_cond_broadcast(&met->changed);
    mgi_lock_release(&engine);
    return NULL;
}

static void a_wait_gives_the_lock_up_and_has_it_again(void **state) {
    (void)state;
    meeting met = {.waits = false};
    pthread_t thread;
    assert_int_equal(mgi_lock_cond_init(&met.changed), 0);
    mgi_lock_acquire(&engine);
    assert_int_equal(pthread_create(&thread, NULL, wake_the_one_who_waits, &met), 0);
    met.waits = true;
    pthread_cond_broadcast(&met.changed);
    while (!met.woken) mgi_lock_wait(&engine, &met.changed);
    mgi_lock_wait_until(&engine, &met.changed, mgi_clock_now());
    mgi_lock_acquire(&runner); /* the engine's is held: the next may be taken, and both released */
    mgi_lock_release(&runner);
    mgi_lock_release(&engine);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&met.changed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_taken_out_of_order_is_named_with_the_one_held),
        cmocka_unit_test(two_locks_of_one_rank_are_caught),
        cmocka_unit_test(the_innermost_lock_counts_not_the_first),
        cmocka_unit_test(a_release_of_what_is_not_held_is_caught),
        cmocka_unit_test(a_wait_takes_its_lock_again_in_order_or_is_caught),
        cmocka_unit_test(locks_in_order_may_be_released_in_any),
        cmocka_unit_test(a_try_that_fails_leaves_no_trace),
        cmocka_unit_test(a_wait_gives_the_lock_up_and_has_it_again),
    };
    return cmocka_run_group_tests(tests, init_locks, finish_locks);
}
