/* SPDX-License-Identifier: Apache-2.0 */
/* Some hundred or thousand rows on their way from the reader through the scorer to the writer. */
#ifndef CLI_TABLE_CHUNK_H
#define CLI_TABLE_CHUNK_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/table.h"

enum { CHUNK_BYTES = 4 * 1024 * 1024 }; /* a chunk is closed once its texts are this long */

/* Why a row has no score. */
enum row_error {
    ROW_GOOD = 0,
    ROW_TOO_LONG,    /* the line is over LINES_MAX_BYTES bytes */
    ROW_BLANK_LINE,  /* nothing on the line */
    ROW_TOO_FEW,     /* the column of a text is missing */
    ROW_TOO_MANY,    /* more columns than the header or the first row */
    ROW_EMPTY_CELL,  /* a text is empty */
    ROW_NUL,         /* a text holds a NUL byte */
    ROW_NOT_UTF8,    /* a text is not UTF-8 */
    ROW_NOTHING,     /* a text has nothing to score: spaces, control characters */
    ROW_NOT_FINITE,  /* the model answered NaN or infinity */
    ROW_NOT_ANSWERED /* the model did not score it */
};

enum { ROW_ERRORS = ROW_NOT_ANSWERED + 1 };

struct row {
    size_t text; /* in the chunk's bytes */
    size_t length;
    size_t kept;       /* bytes of the text that are passed through */
    size_t a, b, gold; /* in the row's text */
    size_t a_length, b_length, gold_length;
    size_t columns;
    size_t column; /* which one is bad */
    size_t byte;   /* where on the line it is bad, from 1 */
    uint64_t line, offset, bytes;
    uint32_t input; /* which FILE, from 0 */
    enum row_error reason;
    uint32_t flags; /* MGEO_ROW_* */
    int32_t label;
    float similarity;
};

struct chunk {
    char *bytes;
    size_t used, capacity;
    struct row *rows;
    size_t count, row_capacity;
    float *probabilities; /* [count * labels]; a bad row's are not set */
    size_t labels;
    uint64_t tokens;
    uint64_t position; /* bytes taken from the inputs when the chunk was closed */
    double seconds;    /* that scoring took */
};

void chunk_init(struct chunk *chunk, size_t labels);
void chunk_finish(struct chunk *chunk);
void chunk_clear(struct chunk *chunk);

/* Adds a row with a copy of text; its other members are zero. The pointer is valid until the next
 * call. */
struct row *chunk_add(struct chunk *chunk, const char *text, size_t length);

static inline const char *chunk_text(const struct chunk *chunk, const struct row *row) {
    return chunk->bytes + row->text;
}

#endif
