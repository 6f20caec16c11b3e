/* SPDX-License-Identifier: Apache-2.0 */
/* Which columns of a table hold expected values: as mgeo-score writes them, or of other names. */
#ifndef CLI_SCORE_CHECK_EXPECT_COLUMNS_H
#define CLI_SCORE_CHECK_EXPECT_COLUMNS_H

#include <mgeo.h>

#include "common/error.h"
#include "scoring/writer_cells.h"
#include "table/table.h"

/* Places in the table, TABLE_NO_COLUMN where there is none. */
struct expect_columns {
    size_t similarity, label;
    size_t probability[MGEO_MAX_LABELS];
    bool by_content; /* "similarity" is called only "expected": a label there makes it the label */
    size_t foreign;  /* the first one called p_… that is of no label of the model */
};

/* By the table's names. Of several that would do, those that mgeo-score has added come first, then
 * those that say "expected". */
void expect_columns_by_name(struct expect_columns *columns, const struct table *table,
                            const mgeo_model_info *info);

/* Of a table without names: a number from 0 to 1 with a label of the model behind it. False: this
 * row has none. */
bool expect_columns_by_row(struct expect_columns *columns, const struct table *table,
                           const struct writer_cells *cells, const mgeo_model_info *info);

bool expect_columns_any(const struct expect_columns *columns, const mgeo_model_info *info);

/* The place of the label that a cell names among the model's: letter case, width, quotes, blanks
 * and "_" do not matter. -1: it is none of them. */
int expect_label(const mgeo_model_info *info, const char *text, size_t length);

/* The number that a cell holds, which a probability may be. False: it is none. */
bool expect_number(const char *text, size_t length, double *number);

#endif
