/* SPDX-License-Identifier: Apache-2.0 */
/* What is free, read from made-up folders of the kernel's. */
#define _GNU_SOURCE
#include "core/memory.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { MB = 1000000 };

static char root[] = "memory_test_XXXXXX";

/* Writes root/path, and the folders on the way. */
static void put(const char *path, const char *text) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *at = strchr(full + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(full, 0700);
        *at = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static int set_up(void **state) {
    (void)state;
    strcpy(root, "memory_test_XXXXXX");
    return mkdtemp(root) == NULL;
}

static int tear_down(void **state) {
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(mapped_files_of_our_own_are_not_free),        TEST(nothing_known_is_endless),
        TEST(version_2_limits_and_those_around_them_hold), TEST(version_1_limits_hold),
        TEST(a_path_that_is_not_there_leads_to_the_mount), TEST(this_machine_has_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
