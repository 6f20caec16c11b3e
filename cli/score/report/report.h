/* SPDX-License-Identifier: Apache-2.0 */
/* What a run adds up to, and its summary as a JSON document. */
#ifndef CLI_SCORE_REPORT_REPORT_H
#define CLI_SCORE_REPORT_REPORT_H

#include <mgeo.h>
#include <stdint.h>

#include "common/json_writer.h"
#include "common/string_buffer.h"
#include "score/options.h"
#include "score/report/gold.h"
#include "score/report/histogram.h"
#include "scoring/cascade/cascade.h"
#include "scoring/row_errors.h"
#include "table/chunk.h"

struct report_totals {
    uint64_t rows, scored, truncated, tokens, repeated;
    uint64_t input_rows; /* of which `rows` were selected; known at the end */
    uint64_t matches[WRITER_THRESHOLDS];
    uint64_t unknown, unknown_differ, capped; /* by their flags */
    uint64_t by_label[MGEO_MAX_LABELS];
    uint64_t decided[CASCADE_STEPS]; /* by each step of a cascade */
    struct histogram similarity;
    double seconds; /* from the first row read to the last one written */
};

/* Counts the chunk's rows, and compares them with their gold labels; gold NULL: not compared. Rows
 * count as matches from each of the thresholds on. */
void report_add_chunk(struct report_totals *totals, const struct chunk *chunk,
                      const struct writer_options *options, struct gold *gold);

/* Appends the document to `text`. cascade and gold may be NULL. */
void report_write_json(const struct options *options, const mgeo_model_info *info,
                       const struct report_totals *totals, const struct row_errors *row_errors,
                       const struct cascade *cascade, const struct gold *gold,
                       struct string_buffer *text);

/* The member "model" of that document, which --check --json has too. */
void report_model_json(const mgeo_model_info *info, struct json_writer *json);

#endif
