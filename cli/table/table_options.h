/* SPDX-License-Identifier: Apache-2.0 */
/* What the user says of a table: its columns, its header, its dialect. */
#ifndef CLI_TABLE_TABLE_OPTIONS_H
#define CLI_TABLE_TABLE_OPTIONS_H

#include <stdbool.h>

#include "common/error.h"
#include "common/option_table.h"
#include "input/input.h"
#include "table/sniff.h"

enum table_header { TABLE_HEADER_AUTO, TABLE_HEADER_YES, TABLE_HEADER_NO };

extern const char *const table_header_names[]; /* as options write them; NULL ends them */

/* What the user asked for. A column is a name, or a number from 1. */
struct table_options {
    const char *a, *b;    /* both NULL: by the well-known names, else columns 1 and 2 */
    const char *gold;     /* a column that is read along, whatever its type; NULL: none */
    const char *one_text; /* a row has one text, that of `a`, and `b` is not used: the option that
                             names its column, for messages. NULL: two texts */
    enum table_header header;
    const char *null_words; /* a list for null_words_create; NULL: the usual ones */
    char *columns;          /* owned: what a and b point into */
    struct sniff_asked dialect;
    struct input_options input; /* how the files are read; unless quiet, what was guessed is said */
    bool keep_columns;          /* of files of columns: a chunk has them as they are */
    bool without_json;          /* of files of columns: a row's text is not made */
};

/* Takes "A,B" as the columns of the two texts. False if it is not that. */
bool table_options_take_columns(struct table_options *options, const char *value);
void table_options_finish(struct table_options *options);

/* Setters for a program's table of options: a row's `at` is where its struct table_options lies. */
bool table_options_set_columns(void *to, const struct option_row *row, const char *value,
                               struct error *error);
bool table_options_set_delimiter(void *to, const struct option_row *row, const char *value,
                                 struct error *error);

/* What options say together. False with a line in the error if one would change nothing. */
bool table_options_check(const struct table_options *options, struct error *error);

/* Whether a column is asked for by name, so that there must be a header. */
bool table_options_by_name(const struct table_options *options);

/* Whether a column is asked for by number. */
bool table_options_is_number(const char *asked);

#endif
