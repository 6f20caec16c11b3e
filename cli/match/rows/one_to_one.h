/* SPDX-License-Identifier: Apache-2.0 */
/* --one-to-one: each row of the reference is given once at most, to the pair that is surest. */
#ifndef CLI_MATCH_ROWS_ONE_TO_ONE_H
#define CLI_MATCH_ROWS_ONE_TO_ONE_H

#include "match/dedupe/link_log.h"
#include "match/rows/match_output.h"

struct one_to_one {
    const struct link_log *log; /* borrowed: pairs of a row's number and a row of the reference */
    uint32_t *chosen;           /* [rows]: the row's pair in the log, or ONE_TO_ONE_NONE */
    uint64_t rows;
    float threshold;
};

#define ONE_TO_ONE_NONE UINT32_MAX

/* Gives pairs of at least the threshold, best first. False with a line if there are too many. */
bool one_to_one_make(struct one_to_one *made, const struct link_log *log, uint64_t rows,
                     double threshold, struct error *error);
void one_to_one_finish(struct one_to_one *made);

/* Whether a batch that was read and searched again is what the log tells of. */
bool one_to_one_fits(const struct one_to_one *made, const struct batch *batch);

/* What was decided of row `row`, whose candidates the batch has found again for query `query`. */
void one_to_one_decide(const struct one_to_one *made, uint64_t row, const struct batch *batch,
                       size_t query, struct match_decision *decision);

#endif
