/* SPDX-License-Identifier: Apache-2.0 */
/* Columns that a program adds behind those of a table, and where their values come from. */
#ifndef CLI_SCORING_ADDED_H
#define CLI_SCORING_ADDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/chunk.h"

enum added_kind {
    ADDED_NUMBER, /* a float; as text with six digits */
    ADDED_WORD,   /* one of the column's words */
    ADDED_FLAG,   /* as text yes or no */
    ADDED_TEXT,
    ADDED_WHOLE /* a whole number from 0 on */
};

struct added_column {
    const char *name; /* one that the table has already is called mgeo_NAME; borrowed */
    enum added_kind kind;
    const char *const *words; /* [word_count]; borrowed */
    size_t word_count;
};

struct added_value {
    bool there; /* else the cell is empty, or null */
    float number;
    int32_t word;
    bool flag;
    uint64_t whole;
    const char *text; /* valid until the next row is asked for */
    size_t length;
};

/* All borrowed. */
struct added {
    const struct added_column *columns;
    size_t count;
    const void *of; /* what `answer` is given */
    /* Fills values [count], which are all zero, for a row that is good. */
    void (*answer)(const void *of, const struct chunk *chunk, const struct row *row,
                   struct added_value *values);
};

#endif
