/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tab-separated golden files of tests/golden/text. */
#ifndef MGI_TESTS_GOLDEN_FILE_H
#define MGI_TESTS_GOLDEN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GOLDEN_FIELDS = 8, GOLDEN_IDS = 4096, GOLDEN_TEXT = 16384 };

typedef struct golden_file {
    char *data;
    size_t size;
    char *at;
    size_t line;
    char *fields[GOLDEN_FIELDS]; /* of the line in hand; NULL past the last */
} golden_file;

/* The whole of tests/golden/text/NAME, with a NUL byte behind it; fails the test if it cannot be
 * read. Free with free(). */
char *golden_read(const char *name, size_t *size);

void golden_open(golden_file *file, const char *name);
bool golden_next(golden_file *file);
void golden_close(golden_file *file);

/* Undoes \{HEX}; returns the length in bytes. to holds GOLDEN_TEXT bytes. */
size_t golden_unescape(const char *field, char *to);

/* Reads "5 100*7 9"; returns how many ids. ids holds GOLDEN_IDS. */
size_t golden_ids(const char *field, int32_t *ids);

#endif
