/* SPDX-License-Identifier: Apache-2.0 */
/* JSON lines as a table: objects by their keys, arrays by their places. */
#ifndef CLI_TABLE_JSON_TABLE_H
#define CLI_TABLE_JSON_TABLE_H

#include "table/json_record.h"
#include "table/table.h"

/* Settles the table from the objects or arrays of a sample: the keys of the first hundred, in the
 * order in which they come. */
bool json_table_resolve(struct table *table, const struct table_options *options,
                        struct table_cell sample, const char *where, struct error *error);

/* As table_split. Of a cell that is escaped `doubled` is set. */
void json_table_split(const struct table *table, struct table_cell row, struct table_row *cut);

/* Which column a member of an object is, `guess` first; TABLE_NO_COLUMN: none. */
size_t json_table_column(const struct table *table, const struct json_member *member, size_t guess);

/* A string with its escapes taken out, owned and NUL-terminated; "" if it is none. */
char *json_table_text(struct table_cell string, bool escaped, size_t *length);

#endif
