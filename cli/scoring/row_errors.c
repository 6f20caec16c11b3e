/* SPDX-License-Identifier: Apache-2.0 */
/* Reports rows without a score, with the place and the reason of each. */
#include "scoring/row_errors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"

enum { SHOWN = 10 }; /* rows reported on standard error one by one */

static bool is_columnar(const struct row_errors *row_errors) {
    return row_errors->table->columnar != COLUMNAR_NONE;
}

static void explain_width(const struct row *row, size_t width, char *to, size_t capacity) {
    char delimiter[16] = "a tab";
    if (row->dialect->delimiter >= ' ') {
        snprintf(delimiter, sizeof delimiter, "a '%c'", row->dialect->delimiter);
    } else if (row->dialect->delimiter != '\t') {
        snprintf(delimiter, sizeof delimiter, "\\x%02X", (unsigned char)row->dialect->delimiter);
    }
    snprintf(to, capacity, "the line has %zu columns instead of %zu: %s inside a text%s?",
             row->columns, width, delimiter, row->dialect->quoted ? " that is not in quotes" : "");
}

/* What is wrong with the way a row is written. */
static void explain_shape(const struct row *row, char *to, size_t capacity) {
    static const char *const words[ROW_ERRORS] = {
        [ROW_OPEN_QUOTE] = "a quoted cell is not closed, or the line is a part of such a row",
        [ROW_STRAY_QUOTE] = "text follows a cell's closing quote (a quote inside is doubled: \"\")",
        [ROW_LONE_CR] = "a carriage return (CR) separates two rows instead of a newline",
        [ROW_HEADER] = "the line is a header, here in the middle",
    };
    if (row->reason == ROW_NOT_JSON) {
        snprintf(to, capacity, "this is not sound JSON: %s", row->wrong);
    } else {
        snprintf(to, capacity, "%s", words[row->reason] != NULL ? words[row->reason] : "");
    }
}

static void explain(const struct row_errors *row_errors, const struct row *row, char *to,
                    size_t capacity) {
    char column[200];
    const char *place = is_columnar(row_errors) ? "text" : "line";
    table_describe_column(row_errors->table, row->column, column, sizeof column);
    switch (row->reason) {
    case ROW_TOO_LONG:
        snprintf(to, capacity, "%s has %" PRIu64 " bytes; at most 1048576 are read",
                 is_columnar(row_errors) ? "a text" : "the line", row->bytes);
        break;
    case ROW_BLANK_LINE: snprintf(to, capacity, "the line is blank"); break;
    case ROW_TOO_FEW:
        snprintf(to, capacity, "%s is missing: the line has %zu column%s", column, row->columns,
                 row->columns == 1 ? "" : "s");
        break;
    case ROW_TOO_MANY: explain_width(row, row_errors->table->width, to, capacity); break;
    case ROW_NOT_TEXT:
        snprintf(to, capacity, "%s is no text but an object, an array, true or false", column);
        break;
    case ROW_EMPTY_CELL:
        snprintf(to, capacity, "%s is empty%s", column, is_columnar(row_errors) ? " or null" : "");
        break;
    case ROW_NUL:
        snprintf(to, capacity, "%s holds a NUL byte (byte %zu of the %s)", column, row->byte,
                 place);
        break;
    case ROW_NOT_UTF8:
        snprintf(to, capacity, "%s is not UTF-8 (byte %zu of the %s)", column, row->byte, place);
        break;
    case ROW_NULL_WORD:
        snprintf(to, capacity, "%s holds no address but a word for none (--null-words)", column);
        break;
    case ROW_NOTHING:
        snprintf(to, capacity, "a text has nothing to score: only spaces or control characters");
        break;
    case ROW_NOT_FINITE: snprintf(to, capacity, "the model answered NaN or infinity"); break;
    case ROW_NOT_ANSWERED: snprintf(to, capacity, "the model did not answer"); break;
    default: explain_shape(row, to, capacity);
    }
}

static const char *input_of(const struct row_errors *row_errors, const struct row *row) {
    const char *path = row_errors->paths[row->input];
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

bool row_errors_begin(struct row_errors *row_errors, struct error *error) {
    static const char header[] = "file\tline\toffset\treason\texplanation\trow\n";
    return row_errors->file == NULL ||
           sink_write(row_errors->file, header, sizeof header - 1, error);
}

bool row_errors_open(struct row_errors *row_errors, const char *path, struct error *error) {
    if (path != NULL && (row_errors->file = sink_open(path, error)) == NULL) return false;
    return row_errors_begin(row_errors, error);
}

bool row_errors_close(struct row_errors *row_errors, bool done, struct error *error) {
    struct error late = {""};
    struct sink *file = row_errors->file;
    if (file != NULL && (done || row_errors_too_many(row_errors))) {
        bool written = sink_commit(file, &late);
        if (done && !written) *error = late;
        done = done && written;
    } else {
        sink_abandon(file);
    }
    if (done) row_errors_print_total(row_errors);
    row_errors_finish(row_errors);
    return done;
}

void row_errors_finish(struct row_errors *row_errors) { string_buffer_finish(&row_errors->text); }

static void to_file(struct row_errors *row_errors, const struct row *row, const char *line) {
    char why[320];
    explain(row_errors, row, why, sizeof why);
    struct string_buffer *text = &row_errors->text;
    const char *path = input_of(row_errors, row);
    string_buffer_escaped_cell(text, path, strlen(path));
    string_buffer_format(text, "\t%" PRIu64 "\t%" PRIu64 "\t%s\t", row->line, row->offset,
                         row_error_name(row->reason));
    string_buffer_escaped_cell(text, why, strlen(why));
    string_buffer_add(text, "\t", 1);
    string_buffer_escaped_cell(text, line, row->length);
    if (row->reason == ROW_TOO_LONG) string_buffer_put(text, "…");
    string_buffer_add(text, "\n", 1);
}

static void to_terminal(const struct row_errors *row_errors, const struct row *row) {
    char why[320];
    explain(row_errors, row, why, sizeof why);
    if (row_errors->quiet || row_errors->total > SHOWN) return;
    message_print("%s:%" PRIu64 ": %s (%s %" PRIu64 ")", input_of(row_errors, row), row->line, why,
                  is_columnar(row_errors) ? "group" : "byte offset", row->offset);
}

static bool report(struct row_errors *row_errors, const struct row *row, const char *line,
                   struct error *error) {
    row_errors->total++;
    row_errors->by_reason[row->reason]++;
    if (row_errors->file == NULL) {
        to_terminal(row_errors, row);
    } else {
        to_file(row_errors, row, line);
    }
    if (!row_errors_too_many(row_errors)) return true;
    return error_set(error,
                     "%s:%" PRIu64 ": stopped at bad row %" PRIu64 ": --max-errors is %" PRIu64,
                     input_of(row_errors, row), row->line, row_errors->total, row_errors->limit);
}

bool row_errors_chunk(struct row_errors *row_errors, const struct chunk *chunk,
                      struct error *error) {
    bool going = true;
    string_buffer_clear(&row_errors->text);
    for (size_t i = 0; going && i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD) going = report(row_errors, row, chunk_text(chunk, row), error);
    }
    const struct string_buffer *text = &row_errors->text;
    if (text->length > 0 && !sink_write(row_errors->file, text->bytes, text->length, error)) {
        return false;
    }
    return going;
}

bool row_errors_too_many(const struct row_errors *row_errors) {
    return row_errors->limited && row_errors->total > row_errors->limit;
}

void row_errors_print_total(const struct row_errors *row_errors) {
    if (row_errors->quiet || row_errors->total == 0) return;
    if (row_errors->file != NULL) {
        message_print("bad rows: %" PRIu64 "; the file of --errors lists them", row_errors->total);
    } else if (row_errors->total > SHOWN) {
        message_print("bad rows not shown: %" PRIu64 "; %s lists all", row_errors->total - SHOWN,
                      row_errors->listed_by != NULL ? row_errors->listed_by : "--errors FILE");
    }
}
