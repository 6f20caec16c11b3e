/* SPDX-License-Identifier: Apache-2.0 */
/* Some lines of a stream: read, scored in one call, answered in their order. */
#ifndef CLI_SERVE_DATA_NDJSON_BATCH_H
#define CLI_SERVE_DATA_NDJSON_BATCH_H

#include "serve/data/pair_text.h"
#include "serve/data/row_writer.h"

enum { NDJSON_BATCH = 256 };

struct ndjson_line {
    uint64_t number; /* from 0, as the answer's "index" says */
    bool failed;     /* the answer is an error */
    size_t row;      /* of the pair, or the end of the error's text */
    enum json_type id_type;
    struct http_slice id; /* in the stream's buffer */
};

/* About 30 KiB: on the heap. */
struct ndjson_batch {
    int digits;
    size_t count, rows;
    struct ndjson_line lines[NDJSON_BATCH];
    mgeo_pair pairs[NDJSON_BATCH]; /* [rows] */
    float similarity[NDJSON_BATCH];
    int32_t label[NDJSON_BATCH];
    uint32_t flags[NDJSON_BATCH];
    float probabilities[NDJSON_BATCH * MGEO_MAX_LABELS];
    struct string_buffer errors; /* the texts of all errors, one after the other */
};

/* Adds a line; one without a pair gets its error. The text is decoded in place, and stays until the
 * batch was written. Blank lines are passed over. */
void ndjson_batch_add(struct ndjson_batch *batch, uint64_t number, char *text, size_t length);

/* Adds an error in a line's place. `error` NULL: it is longer than `most` bytes. */
void ndjson_batch_add_too_long(struct ndjson_batch *batch, uint64_t number, size_t most);

/* Appends the answers, and empties the batch. `info` NULL: there are no scores, and `cause` (its
 * body) is the error of each line that holds a pair. */
void ndjson_batch_write(struct ndjson_batch *batch, const mgeo_model_info *info,
                        const struct http_answer *cause, struct string_buffer *text);
void ndjson_batch_finish(struct ndjson_batch *batch);

#endif
