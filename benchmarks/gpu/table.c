/* SPDX-License-Identifier: Apache-2.0 */
/* A plain TSV reader: header with sentence1 and sentence2, no quoting. */
#include "table.h"

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_whole(const char *path, char **text) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) size = 0;
    *text = allocate((size_t)size + 1, 1);
    bool good = fread(*text, 1, (size_t)size, file) == (size_t)size && size > 0;
    fclose(file);
    if (!good) free(*text);
    return good;
}

/* Where column number `column` of a line ending in '\n' or '\0' begins and how long it is. */
static bool find_cell(const char *line, int column, const char **cell, size_t *length) {
    for (; column > 0; column--) {
        line += strcspn(line, "\t\n");
        if (*line != '\t') return false;
        line++;
    }
    *cell = line;
    *length = strcspn(line, "\t\r\n");
    return true;
}

static int find_column(const char *header, const char *name) {
    const char *cell;
    size_t length;
    for (int i = 0; find_cell(header, i, &cell, &length); i++) {
        if (length == strlen(name) && strncmp(cell, name, length) == 0) return i;
    }
    return -1;
}

static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line == '\n' ? line + 1 : line;
}

static size_t count_lines(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text = next_line(text)) count++;
    return count;
}

bool table_read(const char *path, texts *read) {
    *read = (texts){0};
    if (!read_whole(path, &read->bytes)) return false;
    const char *line = read->bytes;
    int a = find_column(line, "sentence1"), b = find_column(line, "sentence2");
    read->pairs = allocate(count_lines(line), sizeof *read->pairs);
    if (a < 0 || b < 0) line = "";
    for (line = next_line(line); *line != '\0'; line = next_line(line)) {
        mgeo_pair *pair = &read->pairs[read->count];
        if (find_cell(line, a, &pair->a, &pair->a_len) &&
            find_cell(line, b, &pair->b, &pair->b_len)) {
            read->count++;
        }
    }
    if (read->count > 0) return true;
    texts_free(read);
    return false;
}
