/* SPDX-License-Identifier: Apache-2.0 */
/* How far rows reach into their input, by which a bar and an ETA are drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "table/reader.h"

enum { ROWS = 100, PIECE = 10 };

/* A table of equal lines, all of which the sample of an input holds. */
static void write_table(const char *path, const char *line) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < ROWS; i++) assert_true(fputs(line, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void check_positions(const char *encoding, const char *line) {
    char path[] = "reader_test.XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    write_table(path, line);
    const char *const paths[] = {path};
    const struct table_options options = {.header = TABLE_HEADER_NO,
                                          .input = {.encoding = encoding, .quiet = true}};
    struct error error = {""};
    struct chunk chunk;
    struct reader *reader = reader_open(paths, 1, &options, &error);
    assert_non_null(reader);
    chunk_init(&chunk, 0);
    for (uint64_t rows = PIECE; rows <= ROWS; rows += PIECE) {
        chunk_clear(&chunk);
        assert_int_equal(reader_fill(reader, &chunk, PIECE, &error), 1);
        uint64_t expected = reader_size(reader) * rows / ROWS;
        assert_in_range(chunk.position, expected - expected / 20, expected + expected / 20);
    }
    chunk_finish(&chunk);
    reader_close(reader);
    unlink(path);
}

static void test_rows_have_their_share_of_what_is_read_ahead(void **state) {
    (void)state;
    check_positions("utf-8", "文三路100号\t文三路101号\n");
    check_positions("gb18030", "\xCE\xC4\xC8\xFD\xC2\xB7 1\t\xCE\xC4\xC8\xFD\xC2\xB7 2\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_have_their_share_of_what_is_read_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
