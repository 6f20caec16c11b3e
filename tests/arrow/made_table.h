/* SPDX-License-Identifier: Apache-2.0 */
/* Arrow tables of two columns of texts, made by hand in each layout, and streams of them. Rows come
 * after two rows of padding in each array, so that offsets are never 0 by accident. */
#ifndef TEST_ARROW_MADE_TABLE_H
#define TEST_ARROW_MADE_TABLE_H

#include <mgeo.h>
#include <stdbool.h>

typedef enum made_layout {
    MADE_UTF8,
    MADE_LARGE_UTF8,
    MADE_VIEWS,
    MADE_DICTIONARY, /* of utf8, indices of one byte without sign */
    MADE_NULLS,
    MADE_LAYOUTS,
} made_layout;

enum { MADE_PADDING = 2, MADE_MOST_ROWS = 64, MADE_TEXT_BYTES = 1 << 14 };

/* One column; its arrays may be damaged by a test. */
typedef struct made_column {
    struct ArrowSchema schema, dictionary_schema;
    struct ArrowArray array, dictionary;
    const void *buffers[5], *dictionary_buffers[3];
    uint8_t validity[MADE_MOST_ROWS / 8 + 1], indices[MADE_MOST_ROWS];
    int32_t offsets[MADE_MOST_ROWS + 1];
    int64_t wide_offsets[MADE_MOST_ROWS + 1];
    int32_t views[MADE_MOST_ROWS * 4];
    int64_t part_sizes[1];
    char bytes[MADE_TEXT_BYTES];
} made_column;

typedef struct made_table {
    struct ArrowSchema schema;
    struct ArrowArray array;
    made_column columns[2];
    struct ArrowSchema *schemas[2];
    struct ArrowArray *arrays[2];
    const void *buffers[1];
} made_table;

/* The columns are "a" and "b"; a text that is NULL is null. */
void make_table(made_table *table, made_layout layout, const char *const *a, const char *const *b,
                int64_t rows);

/* How many of the schemas and arrays made here have been released since the last call. */
int released_since(void);

/* A stream that gives the table `batches` times; its get_next fails at batch `fails_at` (from 0;
 * -1: never). The table outlives it. */
typedef struct made_stream {
    struct ArrowArrayStream stream;
    made_table *table;
    int batches, given, fails_at;
    bool released;
} made_stream;
void make_stream(made_stream *made, made_table *table, int batches, int fails_at);

#endif
