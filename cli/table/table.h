/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a TSV: which two hold the texts, whether there is a header, how wide it is. */
#ifndef CLI_TABLE_TABLE_H
#define CLI_TABLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define TABLE_NO_COLUMN SIZE_MAX

enum header_mode { HEADER_AUTO, HEADER_YES, HEADER_NO };

/* What the user asked for. A column is a name, or a number from 1. */
struct table_wish {
    const char *a, *b; /* both NULL: by the well-known names, else columns 1 and 2 */
    const char *gold;  /* NULL: none */
    enum header_mode header;
};

/* Whether a column is asked for by name, so that there must be a header. */
bool table_wish_names(const struct table_wish *wish);

struct cell {
    const char *text;
    size_t length;
};

struct table {
    bool has_header;
    size_t width; /* columns of the header, or of the first row */
    size_t a, b;  /* from 0 */
    size_t gold;  /* from 0, or TABLE_NO_COLUMN */
    char **names; /* [width]; NULL without a header */
};

/* A row cut at its tabs. Columns that the row does not have are empty, with text NULL. */
struct table_row {
    size_t columns;
    struct cell a, b, gold;
    size_t kept; /* bytes of the row up to the end of column `width` */
};

/* Reads from the first line what the table is; `whole` is false if the line is over-long and only
 * its head is here. Finished with table_finish, also after a failure. */
bool table_settle(struct table *table, const struct table_wish *wish, struct cell first, bool whole,
                  const char *where, struct fault *fault);
void table_finish(struct table *table);

/* Whether the first line of a further input fits: the same header, or none as before. */
bool table_fits(const struct table *table, enum header_mode mode, struct cell first,
                const char *where, struct fault *fault);

void table_cut(const struct table *table, struct cell row, struct table_row *cut);

/* Writes 'column 2 ("sentence1")' or 'column 2'. */
void table_describe(const struct table *table, size_t column, char *to, size_t capacity);

/* Walks over the cells of a row: hands out the one at *at, which begins at 0, and moves on. False
 * after the last. */
bool table_next_cell(struct cell row, size_t *at, struct cell *cell);

#endif
