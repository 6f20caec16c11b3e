/* SPDX-License-Identifier: Apache-2.0 */
/* Mapped files, and what is not one. */
#define _GNU_SOURCE
#include "core/mapfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "mapfile_test_XXXXXX";
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

static void a_file_is_mapped_whole(void **state) {
    (void)state;
    write_file("contents", 8);
    mgi_mapfile file;
    mgeo_error error;
    assert_int_equal(mgi_mapfile_open(&file, path, &error), MGEO_OK);
    assert_int_equal(file.size, 8);
    assert_memory_equal(file.data, "contents", 8);
    mgi_mapfile_close(&file);
    assert_null(file.data);
    mgi_mapfile_close(&file); /* closing twice is allowed */
}

static void an_empty_file_maps_to_nothing(void **state) {
    (void)state;
    write_file("", 0);
    mgi_mapfile file = {(const unsigned char *)"x", 1};
    assert_int_equal(mgi_mapfile_open(&file, path, NULL), MGEO_OK);
    assert_null(file.data);
    assert_int_equal(file.size, 0);
    mgi_mapfile_close(&file);
}

static void what_cannot_be_mapped_is_named(void **state) {
    (void)state;
    mgi_mapfile file = {(const unsigned char *)"x", 1};
    mgeo_error error = {0};
    assert_int_equal(mgi_mapfile_open(&file, "no/such/file", &error), MGEO_E_IO);
    assert_non_null(strstr(error.message, "no/such/file"));
    assert_non_null(strstr(error.message, "No such file"));
    assert_null(file.data);
    assert_int_equal(mgi_mapfile_open(&file, directory, &error), MGEO_E_FORMAT);
    assert_non_null(strstr(error.message, directory));
    mgi_mapfile_close(&file);
}

/* Opening a pipe must not wait for a writer. */
static void a_pipe_is_refused_at_once(void **state) {
    (void)state;
    char pipe_path[80];
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe", directory);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    mgi_mapfile file;
    mgeo_status status = mgi_mapfile_open(&file, pipe_path, NULL);
    unlink(pipe_path);
    assert_int_equal(status, MGEO_E_FORMAT);
}

static void released_pages_come_back_from_the_file(void **state) {
    (void)state;
    size_t bytes = 5 * 65536 + 17;
    unsigned char *data = malloc(bytes);
    assert_non_null(data);
    for (size_t i = 0; i < bytes; i++) data[i] = (unsigned char)(i * 31 >> 3);
    write_file(data, bytes);
    mgi_mapfile file;
    assert_int_equal(mgi_mapfile_open(&file, path, NULL), MGEO_OK);
    assert_memory_equal(file.data, data, bytes);
    mgi_mapfile_release(file.data, bytes);
    mgi_mapfile_release(file.data + 3, 10); /* no whole page: nothing happens */
    mgi_mapfile_release(file.data + 100, bytes - 100);
    assert_memory_equal(file.data, data, bytes);
    mgi_mapfile_close(&file);
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_mapped_whole),
        cmocka_unit_test(an_empty_file_maps_to_nothing),
        cmocka_unit_test(what_cannot_be_mapped_is_named),
        cmocka_unit_test(a_pipe_is_refused_at_once),
        cmocka_unit_test(released_pages_come_back_from_the_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
