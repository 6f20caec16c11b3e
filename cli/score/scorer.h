/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's way of sending a chunk through mgeo_job_score. */
#ifndef CLI_SCORE_SCORER_H
#define CLI_SCORE_SCORER_H

#include <mgeo.h>

#include "common/error.h"
#include "table/chunk.h"

struct scorer {
    mgeo_job *job; /* borrowed */
    size_t labels;
    unsigned number; /* of the scoring thread */
    size_t capacity; /* rows that the arrays hold */
    mgeo_pair *pairs;
    size_t *rows; /* which row of the chunk pair i is */
    float *similarity;
    int32_t *label;
    uint32_t *flags;
    float *probabilities;
};

void scorer_init(struct scorer *scorer, mgeo_job *job, size_t labels, unsigned number);
void scorer_finish(struct scorer *scorer);

/* Scores the rows that are good so far and repeat no other, and fills in their results; a row that
 * the model refuses gets its reason. An error with an empty line means that a signal came. */
bool scorer_run(struct scorer *scorer, struct chunk *chunk, struct error *error);

#endif
