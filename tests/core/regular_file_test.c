/* SPDX-License-Identifier: Apache-2.0 */
/* Regular files as they are read: whole, in parts, while they change; and what is none. */
#define _GNU_SOURCE
#include "core/regular_file.h"

#include "core/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "regular_file_test_XXXXXX";
static char path[64];

static int set_up(void **state) {
    (void)state;
    if (mkdtemp(directory) == NULL) return 1;
    snprintf(path, sizeof path, "%s/file", directory);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void write_file(const void *data, size_t bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void a_file_is_read_whole_and_in_parts(void **state) {
    (void)state;
    write_file("contents", 8);
    mgi_regular_file file;
    mgeo_error error;
    char part[9] = "";
    assert_int_equal(mgi_regular_file_open(&file, path, &error), MGEO_OK);
    assert_int_equal(file.size, 8);
    assert_int_equal(mgi_regular_file_read(&file, 0, 8, part, &error), MGEO_OK);
    assert_string_equal(part, "contents");
    assert_int_equal(mgi_regular_file_read(&file, 3, 4, part, &error), MGEO_OK);
    assert_memory_equal(part, "tent", 4);
    assert_int_equal(mgi_regular_file_read(&file, 8, 0, part, &error), MGEO_OK);
    assert_int_equal(mgi_regular_file_read(&file, 7, 2, part, &error), MGEO_E_IO);
    assert_int_equal(mgi_regular_file_read(&file, UINT64_MAX, 2, part, &error), MGEO_E_IO);
    assert_int_equal(mgi_regular_file_check(&file, &error), MGEO_OK);
    mgi_regular_file_close(&file);
    mgi_regular_file_close(&file); /* closing twice is allowed */
}

static void a_file_is_loaded_up_to_a_size(void **state) {
    (void)state;
    void *bytes;
    size_t size;
    mgeo_error error;
    write_file("contents", 8);
    assert_int_equal(mgi_regular_file_load(path, 8, &bytes, &size, &error), MGEO_OK);
    assert_int_equal(size, 8);
    assert_memory_equal(bytes, "contents", 8);
    mgi_free(bytes);
    assert_int_equal(mgi_regular_file_load(path, 7, &bytes, &size, &error), MGEO_E_FORMAT);
    assert_non_null(strstr(error.message, "8 bytes; at most 7"));
    assert_null(bytes);
    mgi_alloc_fail_at(1);
    assert_int_equal(mgi_regular_file_load(path, 8, &bytes, &size, &error), MGEO_E_MEMORY);
    mgi_alloc_fail_at(0);
    assert_null(bytes);
    write_file("", 0);
    assert_int_equal(mgi_regular_file_load(path, 8, &bytes, &size, &error), MGEO_OK);
    assert_int_equal(size, 0);
    assert_non_null(bytes);
    mgi_free(bytes);
}

static void what_cannot_be_opened_is_named(void **state) {
    (void)state;
    mgi_regular_file file;
    mgeo_error error = {0};
    assert_int_equal(mgi_regular_file_open(&file, "no/such/file", &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "no/such/file"));
    assert_non_null(strstr(error.message, "No such file"));
    assert_int_equal(file.descriptor, -1);
    assert_int_equal(mgi_regular_file_open(&file, directory, &error), MGEO_E_FORMAT);
    assert_non_null(strstr(error.message, directory));
    mgi_regular_file_close(&file);
}

static void make_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(made >= 0);
    memcpy(address.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(made, (struct sockaddr *)&address, sizeof address), 0);
    close(made);
}

/* What is at the path is there, and is refused with this reason, at once. */
static void check_there(mgeo_status expected, const char *reason) {
    mgi_regular_file file;
    mgeo_error error = {0};
    bool absent = mgi_regular_file_is_absent(path);
    mgeo_status status = mgi_regular_file_open(&file, path, &error);
    unlink(path);
    assert_false(absent);
    assert_int_equal(file.descriptor, -1);
    if (status != expected || strstr(error.message, reason) == NULL) {
        fail_msg("%s: status %d, \"%s\"", reason, status, error.message);
    }
}

static void what_is_no_file_is_there_and_named(void **state) {
    (void)state;
    unlink(path);
    assert_true(mgi_regular_file_is_absent(path));
    assert_int_equal(mkfifo(path, 0600), 0);
    check_there(MGEO_E_FORMAT, "not a regular file, but a pipe");
    make_socket();
    check_there(MGEO_E_FORMAT, "not a regular file, but a socket");
    assert_int_equal(symlink("/dev/null", path), 0);
    check_there(MGEO_E_FORMAT, "not a regular file, but a device");
    assert_int_equal(symlink("..", path), 0);
    check_there(MGEO_E_FORMAT, "not a regular file, but a directory");
    assert_int_equal(symlink("nothing", path), 0);
    check_there(MGEO_E_IO, "a link to a file that is not there");
    assert_int_equal(symlink("file", path), 0);
    check_there(MGEO_E_IO, "symbolic links");
}

/* Of these not even lstat can say that they are not there. */
static void what_cannot_be_looked_at_is_not_absent(void **state) {
    (void)state;
    char beyond[128], longer[512];
    mgi_regular_file file;
    mgeo_error error;
    write_file("contents", 8);
    snprintf(beyond, sizeof beyond, "%s/config.json", path);
    assert_false(mgi_regular_file_is_absent(beyond));
    assert_int_equal(mgi_regular_file_open(&file, beyond, &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "Not a directory"));
    snprintf(longer, sizeof longer, "%s/%0300d", directory, 7);
    assert_false(mgi_regular_file_is_absent(longer));
    assert_int_equal(mgi_regular_file_open(&file, longer, &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "too long"));
}

static void what_changes_meanwhile_is_found(void **state) {
    (void)state;
    mgi_regular_file file;
    mgeo_error error;
    char part[8];
    write_file("contents", 8);
    assert_int_equal(mgi_regular_file_open(&file, path, &error), MGEO_OK);
    assert_int_equal(truncate(path, 4), 0);
    assert_int_equal(mgi_regular_file_read(&file, 0, 4, part, &error), MGEO_OK);
    assert_int_equal(mgi_regular_file_read(&file, 0, 8, part, &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "became shorter"));
    assert_int_equal(mgi_regular_file_check(&file, &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "was changed"));
    mgi_regular_file_close(&file);
}

/* Replaced by renaming: what is open is still the former file, whole. */
static void what_is_replaced_stays_as_it_was(void **state) {
    (void)state;
    mgi_regular_file file;
    mgeo_error error;
    char part[8];
    write_file("contents", 8);
    assert_int_equal(mgi_regular_file_open(&file, path, &error), MGEO_OK);
    assert_int_equal(unlink(path), 0);
    write_file("others", 6);
    assert_int_equal(mgi_regular_file_read(&file, 0, 8, part, &error), MGEO_OK);
    assert_memory_equal(part, "contents", 8);
    assert_int_equal(mgi_regular_file_check(&file, &error), MGEO_OK);
    mgi_regular_file_close(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole_and_in_parts),
        cmocka_unit_test(a_file_is_loaded_up_to_a_size),
        cmocka_unit_test(what_cannot_be_opened_is_named),
        cmocka_unit_test(what_is_no_file_is_there_and_named),
        cmocka_unit_test(what_cannot_be_looked_at_is_not_absent),
        cmocka_unit_test(what_changes_meanwhile_is_found),
        cmocka_unit_test(what_is_replaced_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
