/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a table: which hold the two texts, or the one, whether there is a header, how wide
 * it is. */
#ifndef CLI_TABLE_TABLE_H
#define CLI_TABLE_TABLE_H

#include <mgeo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "columnar/formats.h"
#include "common/error.h"
#include "table/record.h"
#include "table/sniff.h"
#include "table/table_options.h"

#define TABLE_NO_COLUMN SIZE_MAX

struct table {
    bool has_header;
    size_t width;             /* columns of the header, or of most rows */
    size_t a, b;              /* from 0; one and the same where a row has one text */
    size_t gold;              /* from 0, or TABLE_NO_COLUMN */
    char **names;             /* [width]; NULL without a header */
    struct dialect dialect;   /* of the first input */
    struct table_cell header; /* its header as it came, owned; text NULL: none, or JSON */
    size_t header_columns;    /* cells of it: one fewer than `width` where R names the rows */
    bool row_names;
    bool guarded; /* headers in the middle are looked for: unless there is said to be none */
    bool objects; /* JSON objects: cells are found by name */
    enum columnar_format columnar; /* of the first input */
    struct ArrowSchema schema;     /* its columns; release NULL: it is text */
};

/* A row cut into cells. Columns that the row does not have are empty, with text NULL. */
struct table_row {
    size_t columns;
    struct record_cell a, b, gold;
    struct table_cell last; /* of a delimited row: its last cell */
    size_t kept;            /* bytes of the row up to the end of column `width` */
    size_t missing;         /* the first text's column that is not there, or TABLE_NO_COLUMN */
    bool no_text;           /* of JSON: a text is there and neither a string nor a number */
    size_t no_text_column;  /* which one, if so */
    enum record_fault fault;
    bool array;        /* of JSON: no object */
    const char *wrong; /* of JSON: what is wrong with it, at byte `wrong_at`; NULL: nothing */
    size_t wrong_at;
};

/* The first record of an input, and what its sample says. */
struct table_first {
    struct table_cell text;
    bool whole; /* false: the line is over-long and only its head is here */
    struct sniffed sniffed;
};

/* Reads from the first record what the table is. Finished with table_finish, also after a failure.
 */
bool table_resolve(struct table *table, const struct table_options *options,
                   const struct table_first *first, const char *where, struct error *error);

/* The same by decoded cells: of JSON and of files of columns, names (`named`) or the first row's
 * values, which stand in `origin`: "line 1". Takes the cells. */
bool table_resolve_cells(struct table *table, const struct table_options *options, char **cells,
                         size_t count, bool named, const char *origin, const char *where,
                         struct error *error);
void table_finish(struct table *table);

/* Whether the first record of a further input fits: the same header, or none as before. */
bool table_matches(const struct table *table, enum table_header mode, const struct dialect *dialect,
                   struct table_cell first, const char *where, struct error *error);

/* The same for a file of columns; if they are `kept` as they are, of their types too. */
bool table_matches_schema(const struct table *table, const struct ArrowSchema *schema, bool kept,
                          const char *where, struct error *error);

void table_split(const struct table *table, const struct dialect *dialect, struct table_cell row,
                 struct table_row *cut);

/* Whether a row is the header again, or one where there is none. */
bool table_is_header(const struct table *table, const struct table_row *cut);

/* Writes 'column 2 ("sentence1")' or 'column 2'. */
void table_describe_column(const struct table *table, size_t column, char *to, size_t capacity);

/* The cells of a delimited record, decoded, each owned and NUL-terminated. */
char **table_decode(const struct dialect *dialect, struct table_cell record, size_t *count);
void table_free_cells(char **cells, size_t count);

#endif
