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

void table_options_finish(struct table_options *options) {
    free(options->columns);
    options->columns = NULL;
    options->a = options->b = NULL;
}

bool table_options_is_number(const char *asked) {
    return asked[0] != '\0' && strspn(asked, "0123456789") == strlen(asked);
}

bool table_options_by_name(const struct table_options *options) {
    return (options->a != NULL &&
            (!table_options_is_number(options->a) || !table_options_is_number(options->b))) ||
           (options->gold != NULL && !table_options_is_number(options->gold));
}
