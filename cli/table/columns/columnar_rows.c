/* SPDX-License-Identifier: Apache-2.0 */
/* Between an input and the module: its bytes, and its failures with the input's name. */
#include "table/columns/columnar_rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "columnar/open.h"
#include "common/memory.h"

struct columnar_rows {
    struct input *input; /* borrowed */
    enum columnar_format format;
    const struct columnar_module *module;
    struct columnar_reader *reader;
    bool read_failed; /* with `failure` */
    struct error failure;
    uint64_t total, row; /* rows: in all, if that is known; handed out or passed */
};

/* Of a stream. */
static int64_t read_input(void *opaque, void *to, int64_t capacity) {
    struct columnar_rows *rows = opaque;
    ssize_t got = input_read(rows->input, to, (size_t)capacity, &rows->failure);
    rows->read_failed = got < 0;
    return got;
}

static bool fail(const struct columnar_rows *rows, const struct columnar_failure *failure,
                 struct error *error) {
    if (rows->read_failed) {
        *error = rows->failure;
        return false;
    }
    return error_set(error,
                     "%s is %s and cannot be read: %s; is it whole? fetch it again, or write it "
                     "anew",
                     input_name(rows->input), columnar_kinds[rows->format], failure->line);
}

static bool open_source(struct columnar_rows *rows, struct ArrowSchema *schema,
                        struct error *error) {
    struct columnar_failure failure = {""};
    struct columnar_source source = {.descriptor = -1, .read = read_input, .opaque = rows};
    if (rows->format != COLUMNAR_ARROWS) {
        source.descriptor = input_descriptor(rows->input);
        if (source.descriptor < 0) {
            return error_set(error,
                             "%s is %s, whose end is read first, which a pipe cannot do: write it "
                             "to a file and name that, or pipe an Arrow stream",
                             input_name(rows->input), columnar_kinds[rows->format]);
        }
    }
    rows->reader = rows->module->reader_open(rows->format, &source, schema, &failure);
    return rows->reader != NULL || fail(rows, &failure, error);
}

struct columnar_rows *columnar_rows_open(struct input *input, enum columnar_format format,
                                         struct ArrowSchema *schema, struct error *error) {
    char what[400];
    snprintf(what, sizeof what, "%.300s (%s)", input_name(input), columnar_kinds[format]);
    const struct columnar_module *module = columnar_open(what, error);
    if (module == NULL) return NULL;
    struct columnar_rows *opened = memory_zeroed(1, sizeof *opened);
    opened->input = input;
    opened->format = format;
    opened->module = module;
    if (open_source(opened, schema, error)) {
        struct columnar_failure ignored;
        int64_t total = module->reader_rows(opened->reader, &ignored);
        opened->total = total > 0 ? (uint64_t)total : 0;
        return opened;
    }
    columnar_rows_close(opened);
    return NULL;
}

void columnar_rows_close(struct columnar_rows *rows) {
    if (rows == NULL) return;
    if (rows->reader != NULL) rows->module->reader_close(rows->reader);
    free(rows);
}

bool columnar_rows_wish(struct columnar_rows *rows, const struct columnar_wish *wish,
                        struct error *error) {
    struct columnar_failure failure;
    return rows->module->reader_wish(rows->reader, wish, &failure) ||
           error_set(error, "%s: %s", input_name(rows->input), failure.line);
}

bool columnar_rows_count(struct columnar_rows *rows, uint64_t *count, struct error *error) {
    struct columnar_failure failure;
    int64_t total = rows->module->reader_rows(rows->reader, &failure);
    *count = (uint64_t)total;
    if (total >= 0) return true;
    if (total < -1) return fail(rows, &failure, error);
    return error_set(
        error,
        "--sample: %s is %s, which does not say beforehand how many rows it has; write "
        "it as Parquet or as an Arrow file",
        input_name(rows->input), columnar_kinds[rows->format]);
}

int columnar_rows_next(struct columnar_rows *rows, size_t most, struct columnar_batch *batch,
                       struct error *error) {
    struct columnar_failure failure;
    int got = rows->module->reader_next(rows->reader, (int64_t)most, batch, &failure);
    if (got < 0) fail(rows, &failure, error);
    if (got > 0) rows->row = (uint64_t)(batch->first + batch->columns.length);
    return got;
}

void columnar_batch_drop(struct columnar_batch *batch) {
    if (batch->columns.release != NULL) batch->columns.release(&batch->columns);
    for (int i = 0; i < COLUMNAR_TEXTS; i++) {
        if (batch->texts[i].release != NULL) batch->texts[i].release(&batch->texts[i]);
    }
}

int64_t columnar_rows_groups(const struct columnar_rows *rows) {
    return rows->module->reader_groups(rows->reader);
}

uint64_t columnar_rows_passed(const struct columnar_rows *rows) {
    return (uint64_t)rows->module->reader_passed(rows->reader);
}

uint64_t columnar_rows_position(const struct columnar_rows *rows) {
    if (rows->total == 0) return input_position(rows->input);
    double part = (double)rows->row / (double)rows->total;
    return (uint64_t)((part < 1 ? part : 1) * (double)input_size(rows->input));
}
