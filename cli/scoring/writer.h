/* SPDX-License-Identifier: Apache-2.0 */
/* Rows with added columns as TSV, CSV or JSON lines: as they came where the input is of the same
 * kind. */
#ifndef CLI_SCORING_WRITER_H
#define CLI_SCORING_WRITER_H

#include "columnar/formats.h"
#include "common/sink.h"
#include "common/string_buffer.h"
#include "scoring/added.h"
#include "scoring/writer_cells.h"
#include "table/chunk.h"
#include "table/table.h"

enum writer_format {
    WRITER_AS_INPUT,
    WRITER_TSV,
    WRITER_CSV,
    WRITER_JSONL,
    WRITER_PARQUET, /* these three are files of columns */
    WRITER_ARROW,
    WRITER_ARROWS
};

extern const char *const writer_format_names[]; /* as options write them; NULL ends them */

enum { WRITER_THRESHOLDS = 16 };

struct writer_options {
    enum writer_format format;
    bool probabilities; /* one column per label */
    bool decided;       /* a column that tells by which step of a cascade */
    /* A yes/no column for each: similarity at least that. One is called match, several match_X. */
    double thresholds[WRITER_THRESHOLDS];
    size_t threshold_count;
    enum columnar_compression compression; /* of a file of columns */
    bool parts;                            /* it is written in parts, for --resume */
};

struct column_output;

struct writer {
    struct writer_options options;
    const struct table *table; /* borrowed */
    struct added added;        /* borrowed */
    struct sink *sink;         /* borrowed */
    char **names;              /* of the added columns */
    struct added_value *values;
    char **keys; /* JSON keys of the table's columns, each unlike the others; NULL unless JSON */
    struct dialect dialect;        /* of the output, if it is text */
    struct column_output *columns; /* of a file of columns, once there is a header */
    uint64_t blanked;              /* cells that TSV could not hold and blanks stand in */
    struct writer_cells cells;
    struct string_buffer text;
};

static inline bool writer_is_columnar(enum writer_format format) {
    return format >= WRITER_PARQUET;
}

/* What is written where `asked` is what --format says, `output` the file's name (NULL: standard
 * output) and `input` the kind of the first input. A name is an order where it ends as a file of
 * columns does, or where the input is one. */
enum writer_format writer_format_for(enum writer_format asked, const char *output,
                                     enum columnar_format input);

/* The table of rows that have added columns alone. */
extern const struct table writer_no_table;

/* The table may be NULL if there are no rows. options->format is one of writer_format_for. */
void writer_init(struct writer *writer, const struct writer_options *options,
                 const struct table *table, const struct added *added, struct sink *sink);
void writer_finish(struct writer *writer);

/* Of a file of columns in parts also where others were written before. */
bool writer_header(struct writer *writer, struct error *error);

/* Takes the chunk's columns, if it has any. */
bool writer_chunk(struct writer *writer, struct chunk *chunk, struct error *error);

/* What was written so far stands in the sink, and parts end there. */
bool writer_flush(struct writer *writer, struct error *error);

/* A row's added values, valid until the next call: NULL for one without a score. */
const struct added_value *writer_values(struct writer *writer, const struct chunk *chunk,
                                        const struct row *row);

/* The end of the rows. */
bool writer_end(struct writer *writer, struct error *error);

/* Writes 'CSV with ","', 'parquet' and the like. */
void writer_describe(const struct writer *writer, char *to, size_t capacity);

#endif
