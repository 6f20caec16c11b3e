/* SPDX-License-Identifier: Apache-2.0 */
/* The distinct texts of records: each is searched and scored once, however often it comes. */
#ifndef CLI_MATCH_DEDUPE_DISTINCT_H
#define CLI_MATCH_DEDUPE_DISTINCT_H

#include "match/reference/records.h"

struct distinct {
    uint32_t *record; /* [count]: the first record with the text */
    size_t count;
    uint32_t *next; /* [records]: the next record with the same text; DISTINCT_END: none */
};

#define DISTINCT_END UINT32_MAX

/* False with a line if there are more records than can be numbered. */
bool distinct_make(struct distinct *distinct, const struct records *records, struct error *error);
void distinct_finish(struct distinct *distinct);

/* Puts the texts into an index, each by its number, so that rows of the index are numbers of texts.
 */
bool distinct_index(const struct distinct *distinct, const struct records *records,
                    mgeo_index *index, struct error *error);

#endif
