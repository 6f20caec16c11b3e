/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of one delimited record, quoted as RFC 4180 has it or not at all. */
#ifndef CLI_TABLE_RECORD_H
#define CLI_TABLE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/string_buffer.h"
#include "table/dialect.h"

struct table_cell {
    const char *text;
    size_t length;
};

enum record_fault {
    RECORD_SOUND,
    RECORD_OPEN, /* a quote is not closed: the record may go on in the next line */
    RECORD_STRAY /* text after a closing quote */
};

struct record_cell {
    struct table_cell inner; /* without its quotes */
    bool doubled;            /* quotes in it are doubled */
    enum record_fault fault;
};

/* Walks over the cells of a record: hands out the one at *at, which begins at 0, and moves on.
 * False after the last. A faulty cell's inner text is what is there, up to the next delimiter. */
bool record_next(const struct dialect *dialect, struct table_cell record, size_t *at,
                 struct record_cell *cell);

/* Goes on in a record that is open at its end: whether it is still open after `more`, the next line
 * with its end taken off. */
enum record_fault record_continue(const struct dialect *dialect, struct table_cell more);

/* Number of cells; *fault (may be NULL) is the worst one found. */
size_t record_count(const struct dialect *dialect, struct table_cell record,
                    enum record_fault *fault);

/* Takes one of each two quotes: at most `length` bytes to `to`, which may be `text`. */
size_t record_undouble(const struct dialect *dialect, const char *text, size_t length, char *to);

/* Appends a cell as the dialect, which is TSV or CSV, writes it. False if it could not hold the
 * text, and blanks stand for what it cannot hold. */
bool record_write_cell(struct string_buffer *to, const struct dialect *dialect, const char *text,
                       size_t length);

#endif
