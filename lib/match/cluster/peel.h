/* SPDX-License-Identifier: Apache-2.0 */
/* Taking out of clusters the rows that are linked to the others too loosely. */
#ifndef MGI_MATCH_CLUSTER_PEEL_H
#define MGI_MATCH_CLUSTER_PEEL_H

#include "match/cluster/neighbours.h"

/* Which links make a row's mean: all, or only those that are sure to stay in its cluster when it
 * falls apart (they are before `sure`) and those below least_link, which speak against the row. A
 * row that the second keeps stays also after its cluster has fallen apart. */
typedef struct mgi_peel_rule {
    float least_link;
    size_t sure; /* SIZE_MAX: all links count */
} mgi_peel_rule;

/* Of the `count` given rows, as long as one has a mean link to the others of its label below
 * the rule's, labels the worst MGI_FOREST_ALONE; of equal ones the last. *peeled is how many there
 * were. 16 bytes a row. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_peel(const mgi_neighbours *neighbours, const uint32_t *rows, uint32_t count,
                     uint32_t row_limit, const mgi_peel_rule *rule, uint32_t *labels,
                     uint32_t *peeled, mgeo_error *error);

#endif
