/* SPDX-License-Identifier: Apache-2.0 */
/* Scored rows as TSV or as one JSON object a line. */
#ifndef CLI_SCORE_WRITER_H
#define CLI_SCORE_WRITER_H

#include <mgeo.h>

#include "common/sink.h"
#include "common/string_buffer.h"
#include "table/chunk.h"
#include "table/table.h"

enum writer_format { WRITER_TSV, WRITER_JSONL };

enum { WRITER_THRESHOLDS = 16 };

struct writer_options {
    enum writer_format format;
    bool probabilities; /* one column per label */
    /* A yes/no column for each: similarity at least that. One is called match, several match_X. */
    double thresholds[WRITER_THRESHOLDS];
    size_t threshold_count;
};

struct writer {
    struct writer_options options;
    const struct table *table;   /* borrowed */
    const mgeo_model_info *info; /* borrowed */
    struct sink *sink;           /* borrowed */
    char **names;                /* of the added columns */
    size_t added;
    char **keys; /* JSON keys of the table's columns, each unlike the others; NULL for TSV */
    struct string_buffer text;
};

/* The table may be NULL if there are no rows. */
void writer_init(struct writer *writer, const struct writer_options *options,
                 const struct table *table, const mgeo_model_info *info, struct sink *sink);
void writer_finish(struct writer *writer);

bool writer_header(struct writer *writer, struct error *error);
bool writer_chunk(struct writer *writer, const struct chunk *chunk, struct error *error);

#endif
