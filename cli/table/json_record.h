/* SPDX-License-Identifier: Apache-2.0 */
/* The members of one JSON object or array that stands on a line, as slices of it. */
#ifndef CLI_TABLE_JSON_RECORD_H
#define CLI_TABLE_JSON_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "table/record.h"

enum json_kind { JSON_VALUE_STRING, JSON_VALUE_NULL, JSON_VALUE_OTHER };

struct json_member {
    struct table_cell key;   /* between its quotes; an array's members have none */
    struct table_cell value; /* a string's is between its quotes */
    bool key_escaped, value_escaped;
    enum json_kind kind;
};

struct json_walk {
    struct table_cell text;
    size_t at;
    bool array, begun, ended; /* ended: the closing bracket was met and nothing but blanks follow */
    size_t close;             /* where the closing bracket stands, once ended */
    const char *wrong;        /* what is wrong at `at`; NULL: nothing so far */
};

/* Begins at the bracket. False if the text is neither an object nor an array. */
bool json_walk_begin(struct json_walk *walk, struct table_cell text);

/* The next member. False after the last, and at a fault: then `wrong` says which. */
bool json_walk_next(struct json_walk *walk, struct json_member *member);

/* Takes the escapes of a string out: at most `length` bytes to `to`. False: a lone surrogate, which
 * is no character. */
bool json_unescape(struct table_cell string, char *to, size_t *length);

#endif
