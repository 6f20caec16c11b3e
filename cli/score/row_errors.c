/* SPDX-License-Identifier: Apache-2.0 */
/* Reports rows without a score, with the place and the reason of each. */
#include "score/row_errors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"

enum { SHOWN = 10 }; /* rows reported on standard error one by one */

const char *bad_reason_name(enum bad_reason reason) {
    static const char *const names[BAD_REASONS] = {
        [ROW_GOOD] = "good",
        [ROW_TOO_LONG] = "line_too_long",
        [ROW_BLANK_LINE] = "blank_line",
        [ROW_TOO_FEW] = "too_few_columns",
        [ROW_TOO_MANY] = "too_many_columns",
        [ROW_EMPTY_CELL] = "empty_text",
        [ROW_NUL] = "nul_byte",
        [ROW_NOT_UTF8] = "invalid_utf8",
        [ROW_NOTHING] = "nothing_to_score",
        [ROW_NOT_FINITE] = "not_finite",
        [ROW_NOT_ANSWERED] = "not_answered",
    };
    return names[reason];
}

static void explain(const struct badrows *badrows, const struct row *row, char *to,
                    size_t capacity) {
    char column[200];
    table_describe(badrows->table, row->column, column, sizeof column);
    switch (row->reason) {
    case ROW_TOO_LONG:
        snprintf(to, capacity, "the line has %" PRIu64 " bytes; at most 1048576 are read",
                 row->bytes);
        break;
    case ROW_BLANK_LINE: snprintf(to, capacity, "the line is blank"); break;
    case ROW_TOO_FEW:
        snprintf(to, capacity, "%s is missing: the line has %zu column%s", column, row->columns,
                 row->columns == 1 ? "" : "s");
        break;
    case ROW_TOO_MANY:
        snprintf(to, capacity, "the line has %zu columns instead of %zu: a tab inside a text?",
                 row->columns, badrows->table->width);
        break;
    case ROW_EMPTY_CELL: snprintf(to, capacity, "%s is empty", column); break;
    case ROW_NUL:
        snprintf(to, capacity, "%s holds a NUL byte (byte %zu of the line)", column, row->byte);
        break;
    case ROW_NOT_UTF8:
        snprintf(to, capacity, "%s is not UTF-8 (byte %zu of the line)", column, row->byte);
        break;
    case ROW_NOTHING:
        snprintf(to, capacity, "a text has nothing to score: only spaces or control characters");
        break;
    case ROW_NOT_FINITE: snprintf(to, capacity, "the model answered NaN or infinity"); break;
    case ROW_GOOD:
    case ROW_NOT_ANSWERED: snprintf(to, capacity, "the model did not answer"); break;
    }
}

static const char *input_of(const struct badrows *badrows, const struct row *row) {
    const char *path = badrows->paths[row->input];
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

bool badrows_begin(struct badrows *badrows, struct fault *fault) {
    static const char header[] = "file\tline\toffset\treason\texplanation\trow\n";
    return badrows->file == NULL || sink_write(badrows->file, header, sizeof header - 1, fault);
}

void badrows_finish(struct badrows *badrows) { text_finish(&badrows->text); }

static void to_file(struct badrows *badrows, const struct row *row, const char *line) {
    char why[320];
    explain(badrows, row, why, sizeof why);
    struct text *text = &badrows->text;
    const char *path = input_of(badrows, row);
    text_escaped_cell(text, path, strlen(path));
    text_format(text, "\t%" PRIu64 "\t%" PRIu64 "\t%s\t", row->line, row->offset,
                bad_reason_name(row->reason));
    text_escaped_cell(text, why, strlen(why));
    text_add(text, "\t", 1);
    text_escaped_cell(text, line, row->length);
    if (row->reason == ROW_TOO_LONG) text_put(text, "…");
    text_add(text, "\n", 1);
}

static void to_terminal(const struct badrows *badrows, const struct row *row) {
    char why[320];
    explain(badrows, row, why, sizeof why);
    if (badrows->quiet || badrows->total > SHOWN) return;
    notice("%s:%" PRIu64 ": %s (byte offset %" PRIu64 ")", input_of(badrows, row), row->line, why,
           row->offset);
}

static bool report(struct badrows *badrows, const struct row *row, const char *line,
                   struct fault *fault) {
    badrows->total++;
    badrows->by_reason[row->reason]++;
    if (badrows->file == NULL)
        to_terminal(badrows, row);
    else
        to_file(badrows, row, line);
    if (!badrows_too_many(badrows)) return true;
    return fault_set(fault,
                     "%s:%" PRIu64 ": stopped at bad row %" PRIu64 ": --max-errors is %" PRIu64,
                     input_of(badrows, row), row->line, badrows->total, badrows->limit);
}

bool badrows_chunk(struct badrows *badrows, const struct chunk *chunk, struct fault *fault) {
    bool going = true;
    text_clear(&badrows->text);
    for (size_t i = 0; going && i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        if (row->reason != ROW_GOOD) going = report(badrows, row, chunk_text(chunk, row), fault);
    }
    const struct text *text = &badrows->text;
    if (text->length > 0 && !sink_write(badrows->file, text->bytes, text->length, fault))
        return false;
    return going;
}

bool badrows_too_many(const struct badrows *badrows) {
    return badrows->limited && badrows->total > badrows->limit;
}

void badrows_close_account(const struct badrows *badrows) {
    if (badrows->quiet || badrows->total == 0) return;
    if (badrows->file != NULL)
        notice("bad rows: %" PRIu64 "; the file of --errors lists them", badrows->total);
    else if (badrows->total > SHOWN)
        notice("bad rows not shown: %" PRIu64 "; --errors FILE lists all", badrows->total - SHOWN);
}
