/* SPDX-License-Identifier: Apache-2.0 */
/* What a search works in: kept by the index, so that a query allocates nothing large. */
#ifndef MGI_MATCH_INDEX_SCRATCH_H
#define MGI_MATCH_INDEX_SCRATCH_H

#include "match/index/rank.h"
#include "match/index/terms.h"

#include <stdatomic.h>

/* A document that a search has found. */
typedef struct mgi_found {
    uint64_t row;
    float score;
    uint32_t flags;
} mgi_found;

/* A term's postings, as a query meets them. */
typedef struct mgi_list {
    uint64_t postings, count;
    uint32_t group, group_end;
    uint32_t number;
    float share;
} mgi_list;

/* All zero is empty. */
typedef struct mgi_scratch {
    mgi_normal_form form;
    mgi_terms terms;
    mgi_rank_query rank;
    float *shares;     /* of the query's terms */
    uint32_t *numbers; /* of the query's terms in each segment */
    mgi_list *lists;
    uint32_t *ranks; /* of the lists, where not all fit */
    size_t terms_capacity, numbers_capacity;
    uint16_t *sums;    /* of each document; all 0 between searches */
    uint32_t *touched; /* documents whose sum is not 0 */
    size_t documents;  /* there is room for */
    uint64_t *pool;    /* the best of them: sum, then document */
    size_t pool_capacity;
    mgi_found *found;
    size_t found_capacity;
} mgi_scratch;

enum { MGI_SCRATCH_KEPT = 64 }; /* that an index keeps */

typedef struct mgi_scratch_store {
    _Atomic(mgi_scratch *) kept[MGI_SCRATCH_KEPT];
} mgi_scratch_store;

/* Never waits: one that is kept, or a new one. NULL: out of memory. */
mgi_scratch *mgi_scratch_take(mgi_scratch_store *store);
void mgi_scratch_give(mgi_scratch_store *store, mgi_scratch *scratch);
void mgi_scratch_store_finish(mgi_scratch_store *store);
void mgi_scratch_destroy(mgi_scratch *scratch);

/* Room for a search. false: out of memory; what was there stays. */
bool mgi_scratch_fit_documents(mgi_scratch *scratch, size_t documents);
bool mgi_scratch_fit_terms(mgi_scratch *scratch, size_t terms, size_t segments);
bool mgi_scratch_fit_pool(mgi_scratch *scratch, size_t pool);
bool mgi_scratch_fit_found(mgi_scratch *scratch, size_t found);

#endif
