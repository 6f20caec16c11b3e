/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts rows of each dialect into cells once more, when they are written in another one. */
#include "scoring/writer_cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "table/json_record.h"
#include "table/json_table.h"

void writer_cells_finish(struct writer_cells *cells) {
    free(cells->cell);
    string_buffer_finish(&cells->decoded);
    memset(cells, 0, sizeof *cells);
}

static void keep(struct writer_cells *cells, size_t column, const char *text, size_t length) {
    cells->cell[column] = (struct writer_cell){true, cells->decoded.length, length};
    string_buffer_add(&cells->decoded, text, length);
}

static void read_delimited(struct writer_cells *cells, const struct table *table,
                           const struct dialect *dialect, struct table_cell row) {
    size_t at = 0;
    struct record_cell cell;
    for (size_t i = 0; i < table->width && record_next(dialect, row, &at, &cell); i++) {
        keep(cells, i, cell.inner.text, cell.inner.length);
        if (!cell.doubled) continue;
        char *text = cells->decoded.bytes + cells->cell[i].at;
        cells->cell[i].length = record_undouble(dialect, text, cell.inner.length, text);
    }
}

static void read_json(struct writer_cells *cells, const struct table *table,
                      struct table_cell row) {
    struct json_walk walk;
    struct json_member member;
    size_t guess = 0;
    json_walk_begin(&walk, row);
    while (json_walk_next(&walk, &member)) {
        size_t column = walk.array ? guess : json_table_column(table, &member, guess);
        if (column >= table->width) continue;
        guess = column + 1;
        if (member.kind == JSON_VALUE_NULL) continue;
        size_t length;
        char *text = json_table_text(member.value, member.value_escaped, &length);
        keep(cells, column, text, length);
        free(text);
    }
}

void writer_cells_read(struct writer_cells *cells, const struct table *table, const struct row *row,
                       const char *line) {
    if (cells->cell == NULL) cells->cell = memory_zeroed(table->width, sizeof *cells->cell);
    memset(cells->cell, 0, table->width * sizeof *cells->cell);
    string_buffer_clear(&cells->decoded);
    string_buffer_add(&cells->decoded, "", 0);
    if (row->reason == ROW_TOO_LONG || row->reason == ROW_NOT_JSON) return;
    struct table_cell record = {line, row->length};
    if (row->dialect->format == DIALECT_JSONL) {
        read_json(cells, table, record);
        return;
    }
    struct dialect dialect = *row->dialect;
    if (row->reason == ROW_OPEN_QUOTE || row->reason == ROW_STRAY_QUOTE) dialect.quoted = false;
    read_delimited(cells, table, &dialect, record);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* The digits of a number, at least `least` of them, that end at `end`: where they begin. */
static char *digits_of(uint64_t whole, int least, char *end) {
    for (int i = 0; i < least || whole > 0; i++, whole /= 10) *--end = (char)('0' + whole % 10);
    return end;
}

void writer_cells_whole(struct string_buffer *to, uint64_t whole) {
    char text[24], *end = text + sizeof text, *begin = digits_of(whole, 1, end);
    string_buffer_add(to, begin, (size_t)(end - begin));
}

/* A float times a million is exact as a double, so that rounding it is what printf does. */
void writer_cells_number(struct string_buffer *to, float number) {
    if (!(number >= 0 && number < 1000)) {
        string_buffer_format(to, "%.6f", (double)number);
        return;
    }
    uint64_t millionths = (uint64_t)llrint((double)number * 1e6);
    char text[24], *end = text + sizeof text, *begin = digits_of(millionths % 1000000, 6, end);
    *--begin = '.';
    begin = digits_of(millionths / 1000000, 1, begin);
    string_buffer_add(to, begin, (size_t)(end - begin));
}
