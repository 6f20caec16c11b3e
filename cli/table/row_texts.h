/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with the two texts of a row that is well made. */
#ifndef CLI_TABLE_ROW_TEXTS_H
#define CLI_TABLE_ROW_TEXTS_H

#include "table/null_words.h"
#include "table/row.h"
#include "table/table.h"

/* Sets the row's reason if a text is empty, no UTF-8 or no address. `text` is what row->a and
 * row->b count from; at_a and at_b are where on the line they begin, from 1. `converted` text is
 * UTF-8 but for what could not be decoded. */
void row_texts_check(struct row *row, const char *text, const struct table *table,
                     const struct null_words *words, size_t at_a, size_t at_b, bool converted);

#endif
