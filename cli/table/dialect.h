/* SPDX-License-Identifier: Apache-2.0 */
/* How the records of an input are written: TSV, CSV or JSON lines, by which delimiter, quoted or
 * not. */
#ifndef CLI_TABLE_DIALECT_H
#define CLI_TABLE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum dialect_format { DIALECT_AUTO, DIALECT_TSV, DIALECT_CSV, DIALECT_JSONL };

extern const char *const dialect_names[]; /* as options write them; NULL ends them */

struct dialect {
    enum dialect_format format; /* never AUTO */
    char delimiter;             /* of TSV and CSV */
    bool quoted; /* as RFC 4180 has it; otherwise quotes are characters like others */
    bool single; /* and the quote is ', not " */
    bool padded; /* and blanks may stand around a quoted cell */
};

static inline char dialect_quote(const struct dialect *dialect) {
    return dialect->single ? '\'' : '"';
}

/* Whether rows of one may stand in a file of the other as they are. */
bool dialect_same(const struct dialect *a, const struct dialect *b);

/* Reads what --delimiter says: one character, or its name. False with a line in the error. */
bool dialect_parse_delimiter(const char *value, char *delimiter, struct error *error);

/* Writes 'CSV with ";"' and the like. */
void dialect_describe(const struct dialect *dialect, char *to, size_t capacity);

#endif
