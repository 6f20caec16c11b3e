/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs as a table of their own: ids, texts, the candidate's score and rank, and what was decided.
 */
#ifndef CLI_MATCH_SEARCH_PAIRS_OUTPUT_H
#define CLI_MATCH_SEARCH_PAIRS_OUTPUT_H

#include <mgeo.h>

#include "common/error.h"
#include "match/options.h"
#include "match/search/batch.h"
#include "scoring/writer.h"

/* Texts are borrowed until pairs_output_flush. */
struct pairs_output_row {
    const char *id_a, *text_a, *id_b, *text_b;
    size_t id_a_length, text_a_length, id_b_length, text_b_length;
    uint64_t rank; /* of the candidate, from 1 */
    float score;
    uint32_t flags;
    bool scored; /* there are the three that follow */
    float similarity;
    int32_t label;
    enum batch_reason reason;
};

struct pairs_output {
    struct writer writer;
    struct pairs_output_row *rows;
    size_t count, capacity;
    struct chunk chunk; /* of rows without a text, as many as there are pairs */
    struct added_column columns[10];
    const char *labels[MGEO_MAX_LABELS];
};

/* What a file of pairs is written as, by --format and its name; text unless these say otherwise. */
enum writer_format pairs_output_format(enum writer_format asked, const char *path);

/* `info` of the model that scored; NULL: no pair is scored. The sink may be set later in
 * output->writer. */
void pairs_output_init(struct pairs_output *output, const struct writer_options *options,
                       const mgeo_model_info *info, struct sink *sink);
void pairs_output_finish(struct pairs_output *output);

/* The caller fills in what it hands out, which is all zero. */
struct pairs_output_row *pairs_output_add(struct pairs_output *output);
bool pairs_output_flush(struct pairs_output *output, struct error *error);

#endif
