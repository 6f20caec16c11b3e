/* SPDX-License-Identifier: Apache-2.0 */
/* Takes what the command line says of a table. */
#include "table/table_options.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

const char *const table_header_names[] = {
    [TABLE_HEADER_AUTO] = "auto", [TABLE_HEADER_YES] = "yes", [TABLE_HEADER_NO] = "no", NULL};

bool table_options_take_columns(struct table_options *options, const char *value) {
    const char *comma = strchr(value, ',');
    if (comma == NULL || comma == value || comma[1] == '\0' || strchr(comma + 1, ',') != NULL) {
        return false;
    }
    table_options_finish(options);
    options->columns = memory_copy(value, strlen(value));
    options->columns[comma - value] = '\0';
    options->a = options->columns;
    options->b = options->columns + (comma - value) + 1;
    return true;
}

static struct table_options *member(void *to, const struct option_row *row) {
    return (struct table_options *)((char *)to + row->at);
}

bool table_options_set_columns(void *to, const struct option_row *row, const char *value,
                               struct error *error) {
    return table_options_take_columns(member(to, row), value) ||
           error_set(error,
                     "--columns %s: give two columns as A,B; a name that holds a comma "
                     "is given by its number",
                     value);
}

bool table_options_set_delimiter(void *to, const struct option_row *row, const char *value,
                                 struct error *error) {
    return dialect_parse_delimiter(value, &member(to, row)->dialect.delimiter, error);
}

bool table_options_check(const struct table_options *options, struct error *error) {
    if (options->dialect.format == DIALECT_JSONL && options->dialect.delimiter != '\0') {
        return error_set(error, "--delimiter is of tsv and csv: JSON lines have none");
    }
    if (options->header == TABLE_HEADER_NO && table_options_by_name(options)) {
        return error_set(error, "--header no: columns can only be given by number");
    }
    return true;
}

void table_options_finish(struct table_options *options) {
    free(options->columns);
    options->columns = NULL;
    options->a = options->b = NULL;
}

bool table_options_is_number(const char *asked) {
    return asked[0] != '\0' && strspn(asked, "0123456789") == strlen(asked);
}

bool table_options_by_name(const struct table_options *options) {
    return (options->a != NULL && !table_options_is_number(options->a)) ||
           (options->b != NULL && !table_options_is_number(options->b)) ||
           (options->gold != NULL && !table_options_is_number(options->gold));
}
