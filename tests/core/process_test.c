/* SPDX-License-Identifier: Apache-2.0 */
/* Processors, and the token that changes in a forked child. */
#define _GNU_SOURCE
#include "core/process.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processors_follow_the_affinity),
        cmocka_unit_test(a_child_has_another_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
