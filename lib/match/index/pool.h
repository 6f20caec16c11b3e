/* SPDX-License-Identifier: Apache-2.0 */
/* The first, rough half of a search: the documents of a segment that are worth an exact score. */
#ifndef MGI_MATCH_INDEX_POOL_H
#define MGI_MATCH_INDEX_POOL_H

#include "match/index/scratch.h"
#include "match/index/snapshot.h"

/* A query, as the pool is chosen for it. */
typedef struct mgi_pool_query {
    const mgi_snapshot_part *part;
    size_t list_count; /* of scratch->lists */
    uint64_t digest;
    uint64_t self;   /* a document that is not to be found; UINT64_MAX: none */
    uint64_t from;   /* no row of the segment before this one is to be found */
    uint64_t budget; /* postings to be looked at */
    size_t most;     /* documents wanted */
} mgi_pool_query;

/* Fills scratch->pool, which has room for that many, with documents; returns how many. Which they
 * are depends on the query and the segment alone; their order says nothing. */
size_t mgi_pool_choose(const mgi_pool_query *query, mgi_scratch *scratch);

#endif
