/* SPDX-License-Identifier: Apache-2.0 */
/* Table → chunks → scores → differences. */
#include "score/check/expect.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/message.h"
#include "common/string_buffer.h"
#include "common/utf8.h"
#include "score/check/expect_columns.h"
#include "scoring/files.h"
#include "scoring/scorer.h"
#include "table/reader.h"

enum { ROWS = 1024 };

struct comparison {
    const struct options *options;
    const mgeo_model_info *info;
    struct expect_result *result;
    struct reader *reader;
    const struct table *table;
    mgeo_job *job;
    struct scorer scorer;
    struct chunk chunk;
    struct writer_cells cells;
    struct expect_columns columns;
    bool settled; /* the columns are known */
    /* Of the row at hand: */
    const struct row *row;
    const float *probabilities;
    bool any, differs;
};

static double usual_tolerance(const struct options *options, int32_t precision) {
    switch (precision) {
    case MGEO_FP32: return options->model.tf32 ? 1e-3 : 1e-5;
    case MGEO_FP16: return 5e-3;
    case MGEO_BF16: return 2e-2;
    default: return 5e-2; /* int8, fp8 */
    }
}

/* ---- columns --------------------------------------------------------------------------------- */

static void name_column(const struct table *table, size_t column, char to[EXPECT_TEXT]) {
    if (table->names == NULL) {
        snprintf(to, EXPECT_TEXT, "column %zu", column + 1);
        return;
    }
    const char *name = table->names[column];
    snprintf(to, EXPECT_TEXT, "%.*s", (int)utf8_cut(name, strlen(name), EXPECT_TEXT - 1), name);
}

static void add_column(struct comparison *at, size_t column, const char *prefix,
                       const char *value) {
    struct expect_result *result = at->result;
    if (column == TABLE_NO_COLUMN) return;
    name_column(at->table, column, result->columns[result->column_count]);
    snprintf(result->values[result->column_count++], EXPECT_TEXT, "%s%s", prefix, value);
}

static void settled(struct comparison *at) {
    add_column(at, at->columns.similarity, "", "similarity");
    add_column(at, at->columns.label, "", "label");
    for (uint32_t i = 0; i < at->info->label_count; i++) {
        add_column(at, at->columns.probability[i], "p_", at->info->labels[i]);
    }
    at->settled = true;
}

static bool refuse_names(const struct comparison *at, struct error *error) {
    struct string_buffer names = {0};
    for (size_t i = 0; i < at->table->width && names.length < 400; i++) {
        const char *name = at->table->names[i];
        if (i > 0) string_buffer_put(&names, ", ");
        string_buffer_add(&names, name, utf8_cut(name, strlen(name), 40));
    }
    error_set(error,
              "%s: no column says what to expect; it has: %s; name one similarity, score%s or "
              "p_LABEL",
              at->result->path, names.length > 0 ? names.bytes : "no names",
              at->info->label_count > 1 ? ", label" : " (this model has no labels)");
    string_buffer_finish(&names);
    return false;
}

static bool settle_names(struct comparison *at, struct error *error) {
    if (at->table->names == NULL) return true;
    expect_columns_by_name(&at->columns, at->table, at->info);
    /* The only "label" of a one-logit model says nothing, and others' labels are not its own. */
    if (at->info->label_count == 1) at->columns.label = TABLE_NO_COLUMN;
    if (!expect_columns_any(&at->columns, at->info)) return refuse_names(at, error);
    if (at->columns.foreign != TABLE_NO_COLUMN && !at->options->quiet) {
        char name[EXPECT_TEXT];
        name_column(at->table, at->columns.foreign, name);
        message_print("%s: the column \"%s\" is compared with nothing: the model has no such label",
                      at->result->path, name);
    }
    if (!at->columns.by_content) settled(at);
    return true;
}

/* The first value under the name "expected" says what all of them are. */
static void settle_expected(struct comparison *at) {
    struct expect_columns *columns = &at->columns;
    size_t column = columns->similarity;
    if (columns->label == TABLE_NO_COLUMN && at->info->label_count > 1 &&
        expect_label(at->info, writer_cells_text(&at->cells, column),
                     at->cells.cell[column].length) >= 0) {
        columns->label = column;
        columns->similarity = TABLE_NO_COLUMN;
    }
    columns->by_content = false;
    settled(at);
}

/* What mgeo-score makes of a table without a header has none either. */
static bool settle_row(struct comparison *at, struct error *error) {
    if (!expect_columns_by_row(&at->columns, at->table, &at->cells, at->info)) {
        return error_set(error,
                         "%s:%" PRIu64 ": no header names what to expect, and no number from 0 to "
                         "1 stands before a label of the model; begin with a line such as "
                         "sentence1, sentence2, similarity, or give --header yes and --columns A,B",
                         at->result->path, at->row->line);
    }
    if (!at->options->quiet) {
        message_print("%s: without a header, columns %zu and %zu are taken as similarity and label",
                      at->result->path, at->columns.similarity + 1, at->columns.label + 1);
    }
    if (at->info->label_count == 1) at->columns.label = TABLE_NO_COLUMN;
    settled(at);
    return true;
}

/* ---- one value ------------------------------------------------------------------------------- */

static void keep_text(char to[EXPECT_TEXT], const char *text, size_t length) {
    size_t kept = utf8_cut(text, length, EXPECT_TEXT - 1);
    memcpy(to, text, kept);
    to[kept] = '\0';
}

static void describe(const struct comparison *at, size_t column, struct expect_value *value) {
    memset(value, 0, sizeof *value);
    value->line = at->row->line;
    value->difference = NAN;
    name_column(at->table, column, value->column);
    keep_text(value->expected, writer_cells_text(&at->cells, column),
              at->cells.cell[column].length);
}

/* The first value of a row that differs stands for the row. */
static void differ(struct comparison *at, const struct expect_value *value) {
    if (!at->differs && at->result->shown_count < EXPECT_SHOWN) {
        at->result->shown[at->result->shown_count++] = *value;
    }
    at->differs = true;
}

static bool is_expected(const struct comparison *at, size_t column) {
    if (column == TABLE_NO_COLUMN) return false;
    const char *text = writer_cells_text(&at->cells, column);
    for (size_t i = 0; i < at->cells.cell[column].length; i++) {
        if (text[i] != ' ') return true;
    }
    return false;
}

static bool compare_number(struct comparison *at, size_t column, double answered,
                           struct error *error) {
    struct expect_result *result = at->result;
    if (!is_expected(at, column)) return true;
    double expected;
    struct expect_value value;
    describe(at, column, &value);
    if (!expect_number(writer_cells_text(&at->cells, column), at->cells.cell[column].length,
                       &expected)) {
        return error_set(error, "%s:%" PRIu64 ": %s \"%s\" is no number from 0 to 1", result->path,
                         value.line, value.column, value.expected);
    }
    at->any = true;
    value.difference = fabs(answered - expected);
    snprintf(value.answered, sizeof value.answered, "%.9g", answered);
    if (!result->measured || value.difference > result->largest.difference) result->largest = value;
    result->measured = true;
    if (!(value.difference <= result->tolerance)) differ(at, &value);
    return true;
}

/* Of two labels that are as likely, within the tolerance, either one will do. */
static void compare_label(struct comparison *at) {
    if (!is_expected(at, at->columns.label)) return;
    struct expect_value value;
    size_t column = at->columns.label;
    describe(at, column, &value);
    at->any = true;
    int expected = expect_label(at->info, writer_cells_text(&at->cells, column),
                                at->cells.cell[column].length);
    int32_t answered = at->row->label;
    if (expected == answered) return;
    double ahead = expected < 0
                       ? INFINITY
                       : (double)at->probabilities[answered] - (double)at->probabilities[expected];
    if (ahead <= at->result->tolerance) {
        at->result->labels_tied++;
        return;
    }
    at->result->labels_differing++;
    snprintf(value.answered, sizeof value.answered, "%s", at->info->labels[answered]);
    if (expected < 0) snprintf(value.reason, sizeof value.reason, "no label of this model");
    differ(at, &value);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The first column that something is expected in. */
static size_t expected_column(const struct comparison *at) {
    const struct expect_columns *columns = &at->columns;
    if (is_expected(at, columns->similarity)) return columns->similarity;
    if (is_expected(at, columns->label)) return columns->label;
    for (uint32_t i = 0; i < at->info->label_count; i++) {
        if (is_expected(at, columns->probability[i])) return columns->probability[i];
    }
    return TABLE_NO_COLUMN;
}

/* A row without a score is as expected if nothing is; a repeated header expects nothing. */
static void compare_nothing(struct comparison *at) {
    struct expect_value value;
    size_t column = at->row->reason != ROW_HEADER ? expected_column(at) : TABLE_NO_COLUMN;
    if (column == TABLE_NO_COLUMN) {
        at->result->without_value++;
        return;
    }
    describe(at, column, &value);
    snprintf(value.reason, sizeof value.reason, "no score: %s", row_error_name(at->row->reason));
    at->result->without_score++;
    differ(at, &value);
}

static bool compare_values(struct comparison *at, struct error *error) {
    if (!compare_number(at, at->columns.similarity, (double)at->row->similarity, error)) {
        return false;
    }
    compare_label(at);
    for (uint32_t i = 0; i < at->info->label_count; i++) {
        if (!compare_number(at, at->columns.probability[i], (double)at->probabilities[i], error)) {
            return false;
        }
    }
    at->result->compared += at->any;
    at->result->without_value += !at->any;
    return true;
}

static bool compare_row(struct comparison *at, struct error *error) {
    writer_cells_read(&at->cells, at->table, at->row, chunk_text(&at->chunk, at->row));
    at->any = at->differs = false;
    bool scored = at->row->reason == ROW_GOOD;
    at->result->rows++;
    if (at->columns.by_content && is_expected(at, at->columns.similarity)) settle_expected(at);
    if (!at->settled && !at->columns.by_content) {
        if (scored && !settle_row(at, error)) return false;
        if (!scored) { /* nothing is known of its columns yet */
            at->result->without_value++;
            return true;
        }
    }
    if (!scored) {
        compare_nothing(at);
    } else if (!compare_values(at, error)) {
        return false;
    }
    at->result->differing += at->differs;
    return true;
}

static bool compare_chunk(struct comparison *at, struct error *error) {
    if (!scorer_run(&at->scorer, &at->chunk, error)) return false;
    for (size_t i = 0; i < at->chunk.count; i++) {
        at->row = &at->chunk.rows[i];
        at->probabilities = at->chunk.probabilities + i * at->chunk.labels;
        if (!compare_row(at, error)) return false;
    }
    return true;
}

static bool compare_all(struct comparison *at, struct error *error) {
    int got;
    at->table = reader_table(at->reader);
    if (at->table == NULL) return true; /* no rows, which is said by the numbers */
    if (!settle_names(at, error)) return false;
    while ((got = reader_fill(at->reader, &at->chunk, ROWS, error)) > 0) {
        if (interrupt_received()) return error_set(error, "%s", "");
        if (!compare_chunk(at, error)) return false;
        chunk_clear(&at->chunk);
    }
    return got == 0;
}

bool expect_run(mgeo_engine *engine, const mgeo_model_info *info, const struct options *options,
                struct expect_result *result, struct error *error) {
    struct comparison at = {.options = options, .info = info, .result = result};
    mgeo_error cause;
    memset(result, 0, sizeof *result);
    result->path = strcmp(options->expect, "-") == 0 ? "standard input" : options->expect;
    result->tolerance =
        options->tolerance_given ? options->tolerance : usual_tolerance(options, info->precision);
    if (!files_check_input(options->expect, error)) return false;
    if (mgeo_job_begin(engine, NULL, &at.job, &cause) != MGEO_OK) {
        return error_set(error, "cannot use the model: %s", cause.message);
    }
    scorer_init(&at.scorer, at.job, NULL, info->label_count, 0);
    chunk_init(&at.chunk, info->label_count);
    at.reader = reader_open(&options->expect, 1, &options->table, error);
    bool done = at.reader != NULL && compare_all(&at, error);
    result->passed = done && result->compared > 0 && result->differing == 0;
    reader_close(at.reader);
    writer_cells_finish(&at.cells);
    chunk_finish(&at.chunk);
    scorer_finish(&at.scorer);
    mgeo_job_end(at.job);
    return done;
}
