/* SPDX-License-Identifier: Apache-2.0 */
/* The links that a caller gave, put in order: each pair of rows once, best links first. */
#ifndef MGI_MATCH_CLUSTER_LINKS_H
#define MGI_MATCH_CLUSTER_LINKS_H

#include "core/status.h"
#include "match/cluster/radix.h"

/* All zero is empty. */
typedef struct mgi_links {
    mgi_edge *edges; /* by score from the best, then a, then b */
    size_t count;
    size_t used; /* the first ones: at least the threshold */
} mgi_links;

/* Leaves out what links nothing (NaN, a row with itself) and, of links between the same rows, all
 * but the best. rows < 2^32 - 1. Needs 24 bytes a link, of which 12 stay.
 * Errors: MGEO_E_ARGUMENT, MGEO_E_MEMORY, MGEO_E_UNSUPPORTED. */
mgeo_status mgi_links_init(mgi_links *links, const mgeo_link *given, size_t count, uint64_t rows,
                           float threshold, mgeo_error *error);
void mgi_links_finish(mgi_links *links);

#endif
