/* SPDX-License-Identifier: Apache-2.0 */
/* What is free, read from made-up folders of the kernel's. */
#define _GNU_SOURCE
#include "core/memory.h"

#include "support/check.h"
#include "support/kernel_files.h"

enum { MB = 1000000 };

static char root[TEST_KERNEL_ROOT];

static void put(const char *path, const char *text) { test_kernel_put(root, path, text); }

static int set_up(void **state) {
    (void)state;
    test_kernel_begin(root);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    return test_kernel_end(root);
}

static void put_machine(void) {
    put("proc/meminfo", "MemTotal: 9000000 kB\nMemAvailableNot: 1 kB\nMemAvailable: 1000000 kB\n");
    put("proc/self/status", "Name:\tx\nRssAnon:\t7 kB\nRssFile:\t  200000 kB\n");
}

static void mapped_files_of_our_own_are_not_free(void **state) {
    (void)state;
    put_machine();
    assert_true(mgi_memory_available_under(root) == 800000ull * 1024);
}

static void nothing_known_is_endless(void **state) {
    (void)state;
    assert_true(mgi_memory_available_under(root) == MGI_MEMORY_UNLIMITED);
}

static void version_2_limits_and_those_around_them_hold(void **state) {
    (void)state;
    put_machine();
    put("proc/self/cgroup", "0::/outer/inner\n");
    put("sys/fs/cgroup/outer/inner/memory.max", "max\n");
    put("sys/fs/cgroup/outer/inner/memory.current", "100000000\n");
    assert_true(mgi_memory_available_under(root) == 800000ull * 1024);
    put("sys/fs/cgroup/outer/inner/memory.max", "500000000\n");
    assert_int_equal(mgi_memory_available_under(root), 400 * MB);
    put("sys/fs/cgroup/outer/inner/memory.stat",
        "anon 1\nactive_file 30000000\ninactive_file 20000000\nfile_mapped 10000000\n");
    assert_int_equal(mgi_memory_available_under(root), 440 * MB);
    put("sys/fs/cgroup/outer/memory.max", "600000000\n");
    put("sys/fs/cgroup/outer/memory.current", "350000000\n");
    assert_int_equal(mgi_memory_available_under(root), 250 * MB);
    put("sys/fs/cgroup/outer/memory.current", "700000000\n");
    assert_int_equal(mgi_memory_available_under(root), 0);
}

static void version_1_limits_hold(void **state) {
    (void)state;
    put_machine();
    put("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:hugetlb,memory:/a/b\n0::/\n");
    put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "300000000\n");
    put("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "120000000\n");
    put("sys/fs/cgroup/memory/a/b/memory.stat",
        "active_file 1\ntotal_active_file 50000000\ntotal_inactive_file 0\n"
        "total_mapped_file 80000000\n");
    assert_int_equal(mgi_memory_available_under(root), 180 * MB);
}

/* In a container without a cgroup namespace the path is the host's; the mount is the container. */
static void a_path_that_is_not_there_leads_to_the_mount(void **state) {
    (void)state;
    put_machine();
    put("proc/self/cgroup", "0::/docker/0123456789\n");
    put("sys/fs/cgroup/memory.max", "90000000\n");
    put("sys/fs/cgroup/memory.current", "30000000\n");
    assert_int_equal(mgi_memory_available_under(root), 60 * MB);
}

static void this_machine_has_some(void **state) {
    (void)state;
    assert_true(mgi_memory_available() > 0);
    mgi_memory_pretend(12345);
    assert_int_equal(mgi_memory_available(), 12345);
    mgi_memory_pretend(0);
    assert_true(mgi_memory_available() > 12345);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void limits_of_the_process_hold(void **state) {
    (void)state;
    put("proc/meminfo", "MemAvailable: 1000000 kB\n");
    put("proc/self/status", "VmSize:\t  300000 kB\nVmData:\t   50000 kB\n");
    put("proc/self/limits",
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max data size             unlimited            unlimited            bytes     \n"
        "Max address space         unlimited            unlimited            bytes     \n");
    assert_true(mgi_memory_available_under(root) == 1000000ull * 1024);
    put("proc/self/limits",
        "Max data size             unlimited            unlimited       bytes\n"
        "Max address space         409600000            unlimited       bytes\n");
    assert_true(mgi_memory_available_under(root) == 100000ull * 1024);
    put("proc/self/limits",
        "Max data size             61440000             unlimited       bytes\n"
        "Max address space         409600000            unlimited       bytes\n");
    assert_true(mgi_memory_available_under(root) == 10000ull * 1024);
    put("proc/self/limits",
        "Max address space         1024                 unlimited       bytes\n");
    assert_true(mgi_memory_available_under(root) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(limits_of_the_process_hold, set_up, tear_down),
        TEST(mapped_files_of_our_own_are_not_free),
        TEST(nothing_known_is_endless),
        TEST(version_2_limits_and_those_around_them_hold),
        TEST(version_1_limits_hold),
        TEST(a_path_that_is_not_there_leads_to_the_mount),
        TEST(this_machine_has_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
