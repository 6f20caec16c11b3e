/* SPDX-License-Identifier: Apache-2.0 */
/* Decides by the beginning of an input which dialect it is written in. */
#ifndef CLI_TABLE_SNIFF_H
#define CLI_TABLE_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "table/dialect.h"

/* What the user asked for. */
struct sniff_asked {
    enum dialect_format format; /* DIALECT_AUTO: by content */
    char delimiter;             /* NUL: by content */
    bool one_column;            /* is a table too */
};

struct sniffed {
    struct dialect dialect;
    bool guessed;      /* and not what plain TSV is read as: worth a line */
    bool carriage;     /* lines end in CR alone */
    size_t skip;       /* bytes to pass over first: Excel's "sep=;" line */
    size_t width;      /* columns of most records after the first; 0: unknown */
    bool empty_tails;  /* and all of them end in an empty cell */
    bool row_names;    /* and all of them begin with a number, or a cell in quotes */
    const char *marks; /* quotes that stand around many cells and are taken as text; NULL: none */
};

/* The sample begins at the first byte of the input, is UTF-8 text and no byte order mark, and may
 * end anywhere unless it is `whole`. False with a line in the error if the input is refused. */
bool sniff(struct sniffed *found, const struct sniff_asked *asked, const char *sample,
           size_t length, bool whole, const char *where, struct error *error);

#endif
