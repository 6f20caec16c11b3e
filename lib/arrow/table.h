/* SPDX-License-Identifier: Apache-2.0 */
/* A struct array (record batch) and the two columns of texts in it that are compared. */
#ifndef MGI_ARROW_TABLE_H
#define MGI_ARROW_TABLE_H

#include "core/status.h"

/* Which children are compared. */
typedef struct mgi_arrow_columns {
    int64_t a;
    int64_t b;
} mgi_arrow_columns;

/* Chooses the columns by their names, as mgeo_arrow_options says; NULL: the first ones of texts.
 * Errors: MGEO_E_ARGUMENT (no such column, or two of that name), MGEO_E_UNSUPPORTED (of a type that
 * is not read). */
mgeo_status mgi_arrow_columns_choose(const struct ArrowSchema *schema, const char *a, const char *b,
                                     mgi_arrow_columns *columns, mgeo_error *error);

/* The a of a pair whose texts are not both there. */
extern const char mgi_arrow_null_text[];

/* Makes a pair of each row, [table->length], that borrows the texts. A row with a null has two
 * empty texts, `a` being mgi_arrow_null_text. On success *pairs is the caller's, freed by mgi_free.
 * Errors: MGEO_E_ARGUMENT (damaged), MGEO_E_MEMORY, MGEO_E_UNSUPPORTED. */
mgeo_status mgi_arrow_table_read(const struct ArrowSchema *schema, const struct ArrowArray *table,
                                 mgi_arrow_columns columns, mgeo_pair **pairs, mgeo_error *error);

#endif
