/* SPDX-License-Identifier: Apache-2.0 */
/* The decoded cells of a row, for an output that is not written as the input is. */
#ifndef CLI_SCORING_WRITER_CELLS_H
#define CLI_SCORING_WRITER_CELLS_H

#include <stdint.h>

#include "common/string_buffer.h"
#include "table/chunk.h"
#include "table/table.h"

struct writer_cells {
    struct writer_cell {
        bool there;
        size_t at, length; /* in `decoded` */
    } * cell;              /* [table->width] */
    struct string_buffer decoded;
};

void writer_cells_finish(struct writer_cells *cells);

/* Cuts a row up; a record that is broken is cut at its delimiters, quotes being characters. */
void writer_cells_read(struct writer_cells *cells, const struct table *table, const struct row *row,
                       const char *line);

static inline const char *writer_cells_text(const struct writer_cells *cells, size_t column) {
    return cells->decoded.bytes + cells->cell[column].at;
}

/* Appends a number with six digits, as "%.6f" does, and a whole one: printf would take as long as
 * all else that a row needs. */
void writer_cells_number(struct string_buffer *to, float number);
void writer_cells_whole(struct string_buffer *to, uint64_t whole);

#endif
