/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: where they are looked for, and the one line that is said when one cannot be used. */
#define _GNU_SOURCE
#include "backend/module.h"
#include "backend/modules.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534, PATH = 256 };

static char root[] = "/tmp/mgeo-modules-XXXXXX";
static char first[PATH], second[PATH]; /* folders below it */

static void path_in(char *path, const char *folder, const char *name) {
    assert_true(snprintf(path, PATH, "%s/%s", folder, name) < PATH);
}

/* `from` is copied, or where `bytes` is not 0 that many of it. */
static void put(const char *from, const char *folder, const char *name, size_t bytes) {
    char to[PATH];
    path_in(to, folder, name);
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (int c; (c = getc(in)) != EOF;) {
        putc(c, out);
        if (bytes != 0 && --bytes == 0) break;
    }
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void take_away(const char *folder, const char *name) {
    char path[PATH];
    path_in(path, folder, name);
    assert_int_equal(remove(path), 0);
}

static void look_in(const char *folders) {
    assert_int_equal(setenv("MGEO_MODULE_PATH", folders, 1), 0);
}

static void refuse(const char *device, const char *part, const char *other) {
    const mgi_backend *backend = NULL;
    const char *name;
    mgeo_error error = {0};
    assert_int_equal(mgi_backend_find(device, &backend, &name, &error), MGEO_E_DEVICE);
    assert_null(backend);
    assert_null(strchr(error.message, '\n'));
    if (strstr(error.message, part) == NULL || strstr(error.message, other) == NULL) {
        fail_msg("\"%s\" and \"%s\" are not in: %s", part, other, error.message);
    }
}

static void test_a_missing_file_is_named_with_its_folders(void **state) {
    (void)state;
    if (mgi_modules_exists("torch")) skip(); /* one is installed on this machine */
    refuse("torch", "libmgeo-torch.so", "-Dtorch=enabled");
    refuse("cuda:1", "libmgeo-cuda.so", "-Dcuda=enabled");
    refuse("torch", first, second);
    assert_false(mgi_modules_exists("cuda"));
    assert_false(mgi_modules_is_promising("cuda"));
}

static void test_what_is_no_library_is_refused(void **state) {
    (void)state;
    put("/proc/self/maps", first, "libmgeo-torch.so", 0);
    refuse("torch", first, "cannot be opened");
    take_away(first, "libmgeo-torch.so");
    put("/dev/null", first, "libmgeo-torch.so", 0);
    refuse("torch", first, "install libmgeo and its modules anew");
    take_away(first, "libmgeo-torch.so");
}

static void test_a_file_that_was_cut_short_is_refused(void **state) {
    (void)state;
    struct stat whole;
    assert_int_equal(stat(GOOD, &whole), 0);
    for (size_t bytes = 100; bytes < (size_t)whole.st_size; bytes += (size_t)whole.st_size / 9) {
        put(GOOD, first, "libmgeo-torch.so", bytes);
        refuse("torch", first, "install libmgeo and its modules anew");
    }
    take_away(first, "libmgeo-torch.so");
}

static void test_a_library_that_is_no_module_is_refused(void **state) {
    (void)state;
    put(STRANGER, first, "libmgeo-torch.so", 0);
    refuse("torch", first, "is not a module of libmgeo");
    take_away(first, "libmgeo-torch.so");
    put(PLAIN, first, "libmgeo-torch.so", 0);
    refuse("torch", first, "is not a module of libmgeo");
    take_away(first, "libmgeo-torch.so");
}

static void test_another_build_is_refused(void **state) {
    (void)state;
    put(OTHER_BUILD, first, "libmgeo-torch.so", 0);
    refuse("torch", "(0.1.0-another)", mgi_module_build);
    take_away(first, "libmgeo-torch.so");
}

/* Run as root this test gives its rights up, in a process of its own. */
static void test_a_file_without_permission_is_named(void **state) {
    (void)state;
    char path[PATH];
    put(GOOD, first, "libmgeo-torch.so", 0);
    path_in(path, first, "libmgeo-torch.so");
    assert_int_equal(chmod(path, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        const mgi_backend *backend;
        mgeo_error error = {0};
        if (geteuid() == 0 && setuid(NOBODY) != 0) _exit(2);
        mgeo_status status = mgi_modules_open("torch", &backend, &error);
        bool named =
            strstr(error.message, path) != NULL && strstr(error.message, "readable") != NULL;
        if (!named) fprintf(stderr, "%s\n", error.message);
        _exit(status == MGEO_E_DEVICE && named ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    take_away(first, "libmgeo-torch.so");
}

/* The first file that is there counts, and not a good one behind it. */
static void test_folders_are_searched_in_order(void **state) {
    (void)state;
    char folders[3 * PATH];
    put(OTHER_BUILD, second, "libmgeo-torch.so", 0);
    put(STRANGER, first, "libmgeo-torch.so", 0);
    refuse("torch", first, "is not a module");
    snprintf(folders, sizeof folders, "/nowhere::%s:%s", second, first);
    look_in(folders);
    refuse("torch", second, "another build");
    snprintf(folders, sizeof folders, "%s:%s", first, second);
    look_in(folders);
    take_away(first, "libmgeo-torch.so");
    refuse("torch", second, "another build");
    take_away(second, "libmgeo-torch.so");
}

/* Two versions of libtorch in one process crash it: in a process of its own, since a library stays.
 */
static void test_a_second_libtorch_is_refused(void **state) {
    (void)state;
    char other[PATH];
    put(GOOD, first, "libmgeo-torch.so", 0);
    put(PLAIN, second, "libtorch_cpu.so.9", 0);
    path_in(other, second, "libtorch_cpu.so.9");
    pid_t child = fork();
    if (child == 0) {
        const mgi_backend *backend;
        mgeo_error error = {0};
        if (dlopen(other, RTLD_NOW | RTLD_LOCAL) == NULL) _exit(2);
        mgeo_status status = mgi_modules_open("torch", &backend, &error);
        bool named = strstr(error.message, other) != NULL;
        if (!named) fprintf(stderr, "%s\n", error.message);
        _exit(status == MGEO_E_DEVICE && named ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    take_away(first, "libmgeo-torch.so");
    take_away(second, "libtorch_cpu.so.9");
}

/* "auto" opens no module for hardware that is not here. */
static void test_auto_asks_for_a_driver(void **state) {
    (void)state;
    put(GOOD, first, "libmgeo-cuda.so", 0);
    assert_true(mgi_modules_exists("cuda"));
    const bool driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != NULL;
    assert_int_equal(mgi_modules_is_promising("cuda"), driver);
    take_away(first, "libmgeo-cuda.so");
}

/* After all the failures above. The last test: what has been opened stays. */
static void test_a_file_that_has_come_is_opened_and_stays(void **state) {
    (void)state;
    const mgi_backend *backend = NULL, *again = NULL;
    const char *name = NULL;
    mgeo_error error = {0};
    put(GOOD, second, "libmgeo-torch.so", 0);
    if (mgi_backend_find("torch", &backend, &name, &error) != MGEO_OK) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(backend->name, "fake module");
    assert_string_equal(name, "torch");
    take_away(second, "libmgeo-torch.so");
    assert_int_equal(mgi_backend_find("torch", &again, &name, &error), MGEO_OK);
    assert_ptr_equal(again, backend);
    assert_true(mgi_modules_exists("torch"));
    assert_int_equal(mgi_backend_find("torch:1", &again, &name, &error), MGEO_E_ARGUMENT);
    assert_null(again);
}

static int make_folders(void **state) {
    (void)state;
    char folders[2 * PATH];
    if (mkdtemp(root) == NULL || chmod(root, 0755) != 0) return -1;
    path_in(first, root, "first");
    path_in(second, root, "second");
    if (mkdir(first, 0755) != 0 || mkdir(second, 0755) != 0) return -1;
    snprintf(folders, sizeof folders, "%s:%s", first, second);
    return setenv("MGEO_MODULE_PATH", folders, 1);
}

static int remove_folders(void **state) {
    (void)state;
    return rmdir(first) != 0 || rmdir(second) != 0 || rmdir(root) != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_file_is_named_with_its_folders),
        cmocka_unit_test(test_what_is_no_library_is_refused),
        cmocka_unit_test(test_a_file_that_was_cut_short_is_refused),
        cmocka_unit_test(test_a_library_that_is_no_module_is_refused),
        cmocka_unit_test(test_another_build_is_refused),
        cmocka_unit_test(test_a_file_without_permission_is_named),
        cmocka_unit_test(test_folders_are_searched_in_order),
        cmocka_unit_test(test_a_second_libtorch_is_refused),
        cmocka_unit_test(test_auto_asks_for_a_driver),
        cmocka_unit_test(test_a_file_that_has_come_is_opened_and_stays),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
