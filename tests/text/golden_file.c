/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tab-separated golden files of tests/golden/text. */
#include "golden_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

char *golden_read(const char *name, size_t *size) {
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/text/%s", MGI_SOURCE_ROOT, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s", path);
    fseek(file, 0, SEEK_END);
    long bytes = ftell(file);
    rewind(file);
    assert_true(bytes > 0);
    char *data = malloc((size_t)bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)bytes, file), bytes);
    fclose(file);
    data[bytes] = '\0';
    *size = (size_t)bytes;
    return data;
}

void golden_open(golden_file *file, const char *name) {
    memset(file, 0, sizeof *file);
    file->data = golden_read(name, &file->size);
    file->at = file->data;
}

bool golden_next(golden_file *file) {
    if (*file->at == '\0') return false;
    char *end = strchr(file->at, '\n');
    assert_non_null(end);
    *end = '\0';
    memset(file->fields, 0, sizeof file->fields);
    size_t count = 0;
    for (char *field = file->at; field != NULL;) {
        assert_true(count < GOLDEN_FIELDS);
        file->fields[count++] = field;
        field = strchr(field, '\t');
        if (field != NULL) *field++ = '\0';
    }
    file->at = end + 1;
    file->line++;
    return true;
}

void golden_close(golden_file *file) { free(file->data); }

static size_t put_utf8(unsigned long c, char *to) {
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    to[0] = (char)(leads[length] | c);
    return length;
}

size_t golden_unescape(const char *field, char *to) {
    size_t length = 0;
    assert_true(strlen(field) < GOLDEN_TEXT);
    while (*field != '\0') {
        if (field[0] == '\\' && field[1] == '{') {
            char *end;
            length += put_utf8(strtoul(field + 2, &end, 16), to + length);
            assert_int_equal(*end, '}');
            field = end + 1;
        } else {
            to[length++] = *field++;
        }
    }
    return length;
}

size_t golden_ids(const char *field, int32_t *ids) {
    size_t count = 0;
    while (*field != '\0') {
        char *end;
        long id = strtol(field, &end, 10);
        long times = 1;
        if (*end == '*') times = strtol(end + 1, &end, 10);
        for (; times > 0; times--) {
            assert_true(count < GOLDEN_IDS);
            ids[count++] = (int32_t)id;
        }
        field = *end == ' ' ? end + 1 : end;
    }
    return count;
}
