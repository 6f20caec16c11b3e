/* SPDX-License-Identifier: Apache-2.0 */
/* --keep-agreement: a rule for the cascade, by pairs of random rows with one of their candidates.
 */
#ifndef CLI_MATCH_SEARCH_CHOOSE_H
#define CLI_MATCH_SEARCH_CHOOSE_H

#include "match/run.h"

/* Finds a batch of rows and what was found for each: 1, or 0 at the end, or -1. */
typedef int choose_next(void *opaque, struct batch *batch, struct error *error);

/* Unless an earlier run has chosen: shows the pairs to both models, and gives the cascade the rule.
 * What `text_of` is, batch_make_pairs says. True also where nothing is to be chosen. */
bool choose_rule(struct run *run, choose_next *next, void *opaque, batch_text_of *text_of,
                 const void *text_opaque, struct error *error);

/* The same for the rows of the tables `paths`, and for those of the index itself. */
bool choose_rule_by_tables(struct run *run, const char *const *paths, size_t count,
                           const struct table_options *table, struct error *error);
bool choose_rule_by_index(struct run *run, uint64_t rows, batch_text_of *text_of,
                          const void *text_opaque, struct error *error);

#endif
