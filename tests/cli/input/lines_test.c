/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of every kind, from a file and from a pipe that delivers byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/lines.h"

static char folder[] = "lines_test.XXXXXX";
static char path[64];

static void write_file(const char *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void expect(struct lines *lines, const char *text, uint64_t number, uint64_t offset) {
    struct line line;
    struct error error;
    assert_int_equal(lines_next(lines, &line, &error), 1);
    assert_int_equal(line.length, strlen(text));
    assert_memory_equal(line.text, text, line.length);
    assert_int_equal(line.number, number);
    assert_int_equal(line.offset, offset);
    assert_false(line.too_long);
}

static void expect_end(struct lines *lines) {
    struct line line;
    struct error error;
    assert_int_equal(lines_next(lines, &line, &error), 0);
    assert_int_equal(lines_next(lines, &line, &error), 0);
}

static struct input *open_path(struct lines *lines) {
    struct error error;
    struct input *input = input_open(path, NULL, &error);
    assert_non_null(input);
    lines_init(lines, input);
    return input;
}

static void close_path(struct lines *lines, struct input *input) {
    lines_finish(lines);
    input_close(input);
}

static void line_ends_are_taken_off(void **state) {
    (void)state;
    static const char bytes[] = "\xEF\xBB\xBF"
                                "a\tb\r\n\n\r\nx\ry\n\xEF\xBB\xBFz\nlast\r";
    write_file(bytes, sizeof bytes - 1);
    struct lines lines;
    struct input *input = open_path(&lines);
    expect(&lines, "a\tb", 1, 3);
    expect(&lines, "", 2, 8);
    expect(&lines, "", 3, 9);
    expect(&lines, "x\ry", 4, 11);
    expect(&lines, "\xEF\xBB\xBFz", 5, 15);
    expect(&lines, "last", 6, 20);
    expect_end(&lines);
    close_path(&lines, input);
}

static void an_empty_input_has_no_line(void **state) {
    (void)state;
    write_file("", 0);
    struct lines lines;
    struct input *input = open_path(&lines);
    expect_end(&lines);
    close_path(&lines, input);
}

/* A line of `length` bytes between two short ones. */
static void around(size_t length, bool too_long, const char *end) {
    size_t total = 6 + length + strlen(end) + 5;
    char *bytes = malloc(total + 1);
    memcpy(bytes, "first\n", 6);
    memset(bytes + 6, 'x', length);
    strcpy(bytes + 6 + length, end);
    strcat(bytes + 6 + length, "after");
    write_file(bytes, total);
    struct lines lines;
    struct line line;
    struct error error;
    struct input *input = open_path(&lines);
    expect(&lines, "first", 1, 0);
    assert_int_equal(lines_next(&lines, &line, &error), 1);
    assert_int_equal(line.too_long, too_long);
    assert_int_equal(line.bytes, length);
    assert_int_equal(line.length, too_long ? LINES_HEAD_BYTES : length);
    assert_int_equal(line.offset, 6);
    assert_int_equal(line.text[line.length - 1], 'x');
    expect(&lines, "after", 3, 6 + length + 1);
    expect_end(&lines);
    assert_true(lines.capacity <= 2 * LINES_MAX_BYTES);
    close_path(&lines, input);
    free(bytes);
}

static void long_lines_are_skipped_with_their_head_kept(void **state) {
    (void)state;
    around(LINES_MAX_BYTES - 1, false, "\n");
    around(LINES_MAX_BYTES, false, "\n");
    around(LINES_MAX_BYTES + 1, true, "\n");
    around(LINES_MAX_BYTES + 64 * 1024, true, "\n");
    around(LINES_MAX_BYTES + 64 * 1024 + 1, true, "\n");
    around(9 * LINES_MAX_BYTES + 12345, true, "\n");
}

static void a_long_last_line_needs_no_end(void **state) {
    (void)state;
    size_t length = 3 * (size_t)LINES_MAX_BYTES;
    char *bytes = malloc(length);
    memset(bytes, 'x', length);
    write_file(bytes, length);
    struct lines lines;
    struct line line;
    struct error error;
    struct input *input = open_path(&lines);
    assert_int_equal(lines_next(&lines, &line, &error), 1);
    assert_true(line.too_long);
    assert_int_equal(line.bytes, length);
    expect_end(&lines);
    close_path(&lines, input);
    free(bytes);
}

static const char dripped[] = "\xEF\xBB\xBF"
                              "ab\r\ncd\n\nlast";

static void *drip(void *opaque) {
    int descriptor = open(opaque, O_WRONLY);
    for (size_t i = 0; i + 1 < sizeof dripped; i++) {
        if (write(descriptor, dripped + i, 1) != 1) break;
    }
    close(descriptor);
    return NULL;
}

static void lines_that_come_byte_by_byte_are_the_same(void **state) {
    (void)state;
    char fifo[64];
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, drip, fifo), 0);
    struct error error;
    struct lines lines;
    struct input *input = input_open(fifo, NULL, &error);
    assert_non_null(input);
    lines_init(&lines, input);
    expect(&lines, "ab", 1, 3);
    expect(&lines, "cd", 2, 7);
    expect(&lines, "", 3, 10);
    expect(&lines, "last", 4, 11);
    expect_end(&lines);
    close_path(&lines, input);
    pthread_join(thread, NULL);
    unlink(fifo);
}

static int make_folder(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/input", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends_are_taken_off), cmocka_unit_test(an_empty_input_has_no_line),
        cmocka_unit_test(long_lines_are_skipped_with_their_head_kept),
        cmocka_unit_test(a_long_last_line_needs_no_end),
        cmocka_unit_test(lines_that_come_byte_by_byte_are_the_same)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
