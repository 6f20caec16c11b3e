/* SPDX-License-Identifier: Apache-2.0 */
/* The best documents of a snapshot for one query. */
#ifndef MGI_MATCH_INDEX_SEARCH_H
#define MGI_MATCH_INDEX_SEARCH_H

#include "match/index/scratch.h"
#include "match/index/snapshot.h"

/* What is wanted. */
typedef struct mgi_search_limits {
    uint32_t top;
    uint32_t effort; /* percent */
    float least;
    bool later; /* only rows after the query's own */
} mgi_search_limits;

/* Finds the best rows for a text: scratch->found, *count of them, best first. A text that is not
 * UTF-8 or names nothing has none. false: out of memory. */
bool mgi_search_text(const mgi_snapshot *snapshot, const char *text, size_t bytes,
                     const mgi_search_limits *limits, mgi_scratch *scratch, size_t *count);

/* The same for a record of the snapshot itself, which is never found. A removed one has none. */
bool mgi_search_row(const mgi_snapshot *snapshot, uint64_t row, const mgi_search_limits *limits,
                    mgi_scratch *scratch, size_t *count);

#endif
