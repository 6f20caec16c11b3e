/* SPDX-License-Identifier: Apache-2.0 */
/* Some hundred or thousand queries on their way: what was found for each, and the pairs that the
 * model is to score. */
#ifndef CLI_MATCH_SEARCH_BATCH_H
#define CLI_MATCH_SEARCH_BATCH_H

#include <mgeo.h>
#include <stdint.h>

#include "table/chunk.h"

#define BATCH_DECIDED UINT32_MAX /* a pair that no model needs to score */

struct batch {
    struct chunk rows;    /* of a table, each a query */
    uint64_t rows_before; /* of the tables, before the first */
    uint64_t first;       /* of rows of an index, which are queries themselves: the first */
    size_t count;         /* queries */
    mgeo_candidates *found;
    struct chunk pairs; /* those that are scored */
    uint32_t *pair_of;  /* of candidate j of query i at first_of[i] + j: its place in `pairs` */
    size_t *first_of;   /* [count] */
    size_t pair_capacity, query_capacity;
    mgeo_text *texts; /* [query_capacity] */
};

/* `labels` of the model that scores; 0: none does. */
void batch_init(struct batch *batch, size_t labels);
void batch_finish(struct batch *batch);
void batch_clear(struct batch *batch);

/* Takes the rows' texts as queries; a bad row is an empty one, for which nothing is found. */
void batch_take_rows(struct batch *batch);

/* Once all is found: makes pairs of the candidates whose writing does not decide already. `text_of`
 * is the text of a query. */
typedef mgeo_text batch_text_of(const void *opaque, const struct batch *batch, size_t query);
void batch_make_pairs(struct batch *batch, batch_text_of *text_of, const void *opaque);

/* A query that is a row's text. */
mgeo_text batch_row_text(const void *unused, const struct batch *batch, size_t query);

/* What is known of a candidate in the end. */
enum batch_reason {
    BATCH_SAME_TEXT,
    BATCH_SAME_FORM,
    BATCH_MODEL,
    BATCH_FIRST_MODEL,
    BATCH_REASONS
};
extern const char *const batch_reason_names[]; /* by the reason */

struct batch_pair {
    const mgeo_candidate *candidate; /* NULL: there is none */
    enum batch_reason reason;
    float similarity;
    int32_t label;
};

/* Candidate `which` of a query, once scored: false if it has no score. `positive` is the label of
 * pairs that writing decides. */
bool batch_pair_at(const struct batch *batch, size_t query, size_t which, int32_t positive,
                   struct batch_pair *pair);

/* The two with the highest similarity; of equal ones the earlier candidates. */
void batch_best(const struct batch *batch, size_t query, int32_t positive, struct batch_pair *best,
                struct batch_pair *second);

#endif
