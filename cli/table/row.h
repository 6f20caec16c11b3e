/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a table on its way through: where its cells lie, what is wrong with it, what the model
 * answered. */
#ifndef CLI_TABLE_ROW_H
#define CLI_TABLE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/dialect.h"
#include "table/null_words.h"

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
    ROW_OPEN_QUOTE,  /* a quoted cell is not closed, or the line is a part of such a record */
    ROW_STRAY_QUOTE, /* text after a closing quote */
    ROW_LONE_CR,     /* a carriage return stands where a line end should */
    ROW_NOT_JSON,    /* no JSON object or array */
    ROW_NOT_TEXT,    /* of JSON: a text is an object, an array, true or false */
    ROW_HEADER,      /* the header again */
    ROW_NULL_WORD,   /* a text says that there is none: "NULL", "无" */
    ROW_NOTHING,     /* a text has nothing to score: spaces, control characters */
    ROW_NOT_FINITE,  /* the model answered NaN or infinity */
    ROW_NOT_ANSWERED /* the model did not score it */
};

enum { ROW_ERRORS = ROW_NOT_ANSWERED + 1 };

struct row {
    size_t text; /* in the chunk's bytes */
    size_t length;
    size_t kept;       /* bytes of the text that are passed through */
    size_t a, b, gold; /* from the row's text; a decoded copy lies behind it */
    size_t a_length, b_length, gold_length;
    size_t columns;
    size_t column;                /* which one is bad */
    size_t byte;                  /* where on the line it is bad, from 1 */
    uint64_t line, offset, bytes; /* of files of columns: its number, and its group's from 0 */
    uint32_t at;                  /* of files of columns: its place in the chunk's columns */
    uint32_t input;               /* which FILE, from 0 */
    uint32_t pair;   /* its number among the pairs that are remembered, from 1; 0: it is not */
    bool repeated;   /* that pair came before: its answer is copied */
    uint8_t decided; /* by which step of a cascade; 0: by none */
    enum row_error reason;
    bool array;                    /* of JSON: no object */
    const char *wrong;             /* ROW_NOT_JSON: what is */
    const struct dialect *dialect; /* of its input */
    uint32_t flags;                /* MGEO_ROW_* */
    int32_t label;
    float similarity;
};

/* Sets the reason of a row that is well made if a text of it is empty, no UTF-8 or no address.
 * `text` is what row->a and row->b count from; `columns` are those of the texts, and they begin at
 * byte `at` of the line, from 1. `converted` text is UTF-8 but for what could not be decoded. */
void row_check_texts(struct row *row, const char *text, const size_t columns[2], const size_t at[2],
                     const struct null_words *words, bool converted);

/* A stable word for a reason: "too_few_columns". */
const char *row_error_name(enum row_error reason);

#endif
