/* SPDX-License-Identifier: Apache-2.0 */
/* A sample for --keep-agreement: pairs that all steps of a cascade see. */
#ifndef CLI_SCORING_CASCADE_CASCADE_SAMPLE_H
#define CLI_SCORING_CASCADE_CASCADE_SAMPLE_H

#include <mgeo.h>

#include "common/error.h"
#include "scoring/cascade/cascade.h"
#include "scoring/scorer.h"
#include "table/chunk.h"

struct cascade_sample {
    struct cascade *cascade; /* borrowed */
    struct scorer scorer;
    struct cascade_seen *seen; /* owned */
    size_t count, capacity;
};

/* `job` holds the model that was asked for. Finished with cascade_sample_finish. */
void cascade_sample_init(struct cascade_sample *sample, struct cascade *cascade, mgeo_job *job);
void cascade_sample_finish(struct cascade_sample *sample);

/* Takes the chunk's good rows, which were drawn at random from those that are to be scored, in any
 * order. An error with an empty line means that a signal came. */
bool cascade_sample_add(struct cascade_sample *sample, struct chunk *chunk, struct error *error);

/* Gives the cascade the rule that the sample speaks for. Where no rule keeps the share, the second
 * model decides all. */
void cascade_sample_choose(struct cascade_sample *sample);

#endif
