/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a TSV: which two hold the texts, whether there is a header, how wide it is. */
#ifndef CLI_TABLE_TABLE_H
#define CLI_TABLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "input/input.h"

#define TABLE_NO_COLUMN SIZE_MAX

enum table_header { TABLE_HEADER_AUTO, TABLE_HEADER_YES, TABLE_HEADER_NO };

extern const char *const table_header_names[]; /* as options write them; NULL ends them */

/* What the user asked for. A column is a name, or a number from 1. */
struct table_options {
    const char *a, *b; /* both NULL: by the well-known names, else columns 1 and 2 */
    const char *gold;  /* NULL: none */
    enum table_header header;
    struct input_options input; /* how the files are read */
    const char *null_words;     /* a list for null_words_create; NULL: the usual ones */
    char *columns;              /* owned: what a and b point into */
};

/* Takes "A,B" as the columns of the two texts. False if it is not that. */
bool table_options_take_columns(struct table_options *options, const char *value);
void table_options_finish(struct table_options *options);

/* Whether a column is asked for by name, so that there must be a header. */
bool table_options_by_name(const struct table_options *options);

struct table_cell {
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
    struct table_cell a, b, gold;
    size_t kept; /* bytes of the row up to the end of column `width` */
};

/* Reads from the first line what the table is; `whole` is false if the line is over-long and only
 * its head is here. Finished with table_finish, also after a failure. */
bool table_resolve(struct table *table, const struct table_options *options,
                   struct table_cell first, bool whole, const char *where, struct error *error);
void table_finish(struct table *table);

/* Whether the first line of a further input fits: the same header, or none as before. */
bool table_matches(const struct table *table, enum table_header mode, struct table_cell first,
                   const char *where, struct error *error);

void table_split(const struct table *table, struct table_cell row, struct table_row *cut);

/* Writes 'column 2 ("sentence1")' or 'column 2'. */
void table_describe_column(const struct table *table, size_t column, char *to, size_t capacity);

/* Walks over the cells of a row: hands out the one at *at, which begins at 0, and moves on. False
 * after the last. */
bool table_next_cell(struct table_cell row, size_t *at, struct table_cell *cell);

#endif
