/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's way of sending a chunk through mgeo_job_score. */
#ifndef CLI_SCORING_SCORER_H
#define CLI_SCORING_SCORER_H

#include <mgeo.h>

#include "common/error.h"
#include "scoring/cascade/cascade.h"
#include "scoring/cascade/same_form.h"
#include "table/chunk.h"

struct scorer {
    mgeo_job *job;                 /* borrowed */
    const struct cascade *cascade; /* borrowed; NULL: that job's model decides all */
    size_t labels;
    unsigned number; /* of the scoring thread */
    size_t capacity; /* rows that the arrays hold */
    mgeo_pair *pairs;
    size_t *rows; /* which row of the chunk pair i is */
    size_t packed;
    float *similarity;
    int32_t *label;
    uint32_t *flags;
    float *probabilities;
    struct same_form forms;
};

void scorer_init(struct scorer *scorer, mgeo_job *job, const struct cascade *cascade, size_t labels,
                 unsigned number);
void scorer_finish(struct scorer *scorer);

/* Scores the rows that are good so far and repeat no other, and fills in their results; a row that
 * the model refuses gets its reason. An error with an empty line means that a signal came. */
bool scorer_run(struct scorer *scorer, struct chunk *chunk, struct error *error);

/* Single steps, for a sample of which all are asked. scorer_pack comes first; the others leave
 * packed what is, and the last two leave answers in the arrays, those of the first model with the
 * second one's numbers of labels. */
void scorer_pack(struct scorer *scorer, const struct chunk *chunk);
bool scorer_same_form(struct scorer *scorer, size_t packed);
bool scorer_ask_first(struct scorer *scorer, struct chunk *chunk, struct error *error);
bool scorer_ask_second(struct scorer *scorer, struct chunk *chunk, struct error *error);

#endif
