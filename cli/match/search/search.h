/* SPDX-License-Identifier: Apache-2.0 */
/* The stages that batches pass: rows are read, candidates found, pairs scored. */
#ifndef CLI_MATCH_SEARCH_SEARCH_H
#define CLI_MATCH_SEARCH_SEARCH_H

#include <mgeo.h>

#include "common/error.h"
#include "match/options.h"
#include "match/search/batch.h"
#include "match/search/ring.h"
#include "scoring/repeats.h"
#include "scoring/scorer.h"
#include "table/reader.h"

enum { SEARCH_SCORERS = 2 };

/* All borrowed but what search_start makes. */
struct search {
    const struct options *options;
    mgeo_index *index;
    /* Rows of tables, */
    struct reader *reader;
    uint64_t rows_read;
    /* or rows of the index, [next, end). */
    uint64_t next, end, generation;
    batch_text_of *text_of; /* of a query, for its pairs */
    const void *text_opaque;
    uint64_t skip; /* rows that an earlier run has done */
    size_t rows;   /* of a batch */
    /* Of a model; job NULL: none scores. */
    mgeo_job *job;
    const struct cascade *cascade; /* NULL: none */
    size_t labels;
    struct repeats *repeats;
    /* Made by search_start. */
    struct batch batches[RING_SLOTS];
    struct scorer scorers[SEARCH_SCORERS];
    struct ring *ring;
};

/* Starts the stages. Finished with search_stop, also after a failure. */
bool search_start(struct search *search, struct error *error);
void search_stop(struct search *search);

/* The next batch in order, with its answers, the caller's until search_release: 1, or 0 at the end,
 * or -1. */
int search_next(struct search *search, struct batch **batch, struct error *error);
void search_release(struct search *search);

/* One search by the options, for `count` queries. */
bool search_texts(const struct options *options, mgeo_index *index, const mgeo_text *texts,
                  size_t count, mgeo_candidates **found, struct error *error);

/* The same for the rows of the index that a batch has, each with those after it. */
bool search_rows(const struct options *options, mgeo_index *index, struct batch *batch,
                 uint64_t *generation, struct error *error);

/* How many threads search. */
uint32_t search_threads(const struct options *options);

#endif
