/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, scoring and writing at the same time: a ring of chunks, kept in input order. */
#ifndef CLI_SCORE_PIPELINE_H
#define CLI_SCORE_PIPELINE_H

#include "common/error.h"
#include "scoring/cascade/cascade.h"
#include "scoring/repeats.h"
#include "table/chunk.h"
#include "table/selection.h"

struct pipeline;

struct pipeline_options {
    uint64_t skip; /* rows that an earlier run has answered: they are read, and never come out */
    size_t rows;   /* of each chunk; 0: as many as suit the model's speed */
    const struct cascade *cascade; /* borrowed; NULL: the job's model decides all */
};

/* Starts one thread that reads and two that score. selection, job and repeats are borrowed and left
 * alone by others until pipeline_stop, but for the writer's side of repeats between two calls of
 * pipeline_next. NULL on failure. */
struct pipeline *pipeline_start(struct selection *selection, mgeo_job *job, struct repeats *repeats,
                                size_t labels, const struct pipeline_options *options,
                                struct error *error);

/* The next scored chunk in input order, the caller's until pipeline_release: 1, or 0 at the end, or
 * -1 on failure. Chunks before a failure are handed out first. */
int pipeline_next(struct pipeline *pipeline, struct chunk **chunk, struct error *error);
void pipeline_release(struct pipeline *pipeline);

/* Cancels what is in flight and ends the threads. */
void pipeline_stop(struct pipeline *pipeline);

#endif
