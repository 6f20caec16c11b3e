/* SPDX-License-Identifier: Apache-2.0 */
/* One to one: the best links are made first, and no later one may break a guard. With two sources
 * this is the stable matching: no two rows would both rather have each other. */
#include "match/cluster/cutting.h"

void mgi_cutting_best_first(mgi_cutting *cutting) {
    mgi_partition *partition = cutting->partition;
    const mgi_links *links = cutting->links;
    for (size_t i = 0; i < links->used; i++) {
        if (!mgi_cutting_has(cutting, &links->edges[i])) continue;
        uint32_t a = partition->at[links->edges[i].a].label,
                 b = partition->at[links->edges[i].b].label;
        if (a == b || !mgi_partition_may_merge(partition, a, b)) continue;
        mgi_partition_merge(partition, a, b);
    }
}
