/* SPDX-License-Identifier: Apache-2.0 */
/* What a scored pair is answered with: similarity, label, probabilities, flags. */
#ifndef CLI_SERVE_DATA_ROW_WRITER_H
#define CLI_SERVE_DATA_ROW_WRITER_H

#include "serve/data/data_route.h"

struct row_writer {
    struct string_buffer *text; /* the caller's */
    const struct data_scores *scores;
    int digits;
    struct string_buffer labels; /* all of the model's, each as a JSON string */
    size_t ends[MGEO_MAX_LABELS];
};

/* ?digits=4…9 of a request; 4 if there is none. False with 422 in the answer. */
bool row_writer_digits(const struct http_request *request, int *digits, struct http_answer *answer);

/* One thread at a time; `text` and `scores` are borrowed until row_writer_finish. */
void row_writer_begin(struct row_writer *writer, struct string_buffer *text,
                      const struct data_scores *scores, int digits);

/* "similarity": …, "label": …, "probabilities": {…}, "flags": […], without braces around them.
 * Null are the first three of a row without a score; its flags say why. */
void row_writer_row(struct row_writer *writer, size_t row);

/* "flags": […] alone. */
void row_writer_flags(struct row_writer *writer, size_t row);

/* A label's name as a JSON string. */
void row_writer_label(struct row_writer *writer, int32_t label);

/* "model": {"version", "slot", "generation"} */
void row_writer_model(struct row_writer *writer);
void row_writer_finish(struct row_writer *writer);

/* Whether the row has a score. */
static inline bool row_writer_has_score(const struct data_scores *scores, size_t row) {
    return (scores->flags[row] & MGEO_ROW_BAD) == 0;
}

#endif
