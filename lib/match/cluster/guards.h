/* SPDX-License-Identifier: Apache-2.0 */
/* What a cluster must keep to, and which components do not. */
#ifndef MGI_MATCH_CLUSTER_GUARDS_H
#define MGI_MATCH_CLUSTER_GUARDS_H

#include "match/cluster/forest.h"

typedef struct mgi_guards {
    uint32_t max_size; /* UINT32_MAX: not limited */
    float least_link;
    bool asks_link;    /* whether least_link is asked */
    uint32_t *sources; /* [rows]: sources numbered from 0; NULL: any rows may be together */
} mgi_guards;

/* Reads them out of checked options. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_guards_init(mgi_guards *guards, const mgeo_cluster_options *options, uint32_t rows,
                            mgeo_error *error);
void mgi_guards_finish(mgi_guards *guards);

/* Sets broken[root] for each tree of the forest that does not keep to them and counts the rows of
 * these trees. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_guards_find_broken(const mgi_guards *guards, const mgi_links *links,
                                   const mgi_forest *forest, bool *broken, uint32_t *rows,
                                   mgeo_error *error);

/* Whether a row with such links does not stay. The slack is far less than a float tells apart: sums
 * from which links were taken away are not exact. */
static inline bool mgi_guards_is_loose(double sum, uint32_t count, float least_link) {
    return count > 0 && sum / count < (double)least_link - 1e-9;
}

#endif
