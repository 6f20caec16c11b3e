/* SPDX-License-Identifier: Apache-2.0 */
/* Processors, and the token that changes in a forked child. */
#define _GNU_SOURCE
#include "core/process.h"

#include "support/check.h"
#include "support/kernel_files.h"

#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned cpus_of(const char *groups, const char *path, const char *quota, const char *more,
                        const char *period) {
    char root[TEST_KERNEL_ROOT];
    test_kernel_begin(root);
    test_kernel_put(root, "proc/self/cgroup", groups);
    test_kernel_put(root, path, quota);
    if (more != NULL) test_kernel_put(root, more, period);
    unsigned cpus = mgi_process_cpus_under(root);
    assert_int_equal(test_kernel_end(root), 0);
    return cpus;
}

/* One processor is what every machine has, so that a quota of half of one shows everywhere. */
static void quotas_of_both_versions_hold(void **state) {
    (void)state;
    static const char v2[] = "0::/outer/inner\n",
                      v1[] = "5:memory:/x\n3:cpu,cpuacct:/outer/inner\n";
    unsigned usual = cpus_of(v2, "sys/fs/cgroup/cpu.max", "max 100000\n", NULL, NULL);
    assert_true(usual >= 1);
    static const char *const unified[] = {"sys/fs/cgroup/cpu.max", "sys/fs/cgroup/outer/cpu.max",
                                          "sys/fs/cgroup/outer/inner/cpu.max",
                                          "sys/fs/cgroup/unified/outer/cpu.max"};
    for (size_t i = 0; i < sizeof unified / sizeof *unified; i++) {
        assert_int_equal(cpus_of(v2, unified[i], "50000 100000\n", NULL, NULL), 1);
        assert_int_equal(cpus_of(v2, unified[i], "900000000 100000\n", NULL, NULL), usual);
    }
    static const char *const mounts[] = {"cpu/outer/inner", "cpu,cpuacct/outer/inner", "cpu/outer",
                                         "cpu,cpuacct"};
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        char quota[128], period[128];
        snprintf(quota, sizeof quota, "sys/fs/cgroup/%s/cpu.cfs_quota_us", mounts[i]);
        snprintf(period, sizeof period, "sys/fs/cgroup/%s/cpu.cfs_period_us", mounts[i]);
        assert_int_equal(cpus_of(v1, quota, "100000\n", period, "100000\n"), 1);
        assert_int_equal(cpus_of(v1, quota, "-1\n", period, "100000\n"), usual);
        assert_int_equal(cpus_of("4:memory:/\n", quota, "100000\n", period, "100000\n"), usual);
    }
    if (usual > 1) {
        assert_int_equal(cpus_of(v2, unified[1], "150000 100000\n", NULL, NULL), 2);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processors_follow_the_affinity),
        cmocka_unit_test(a_child_has_another_token),
        cmocka_unit_test(quotas_of_both_versions_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
