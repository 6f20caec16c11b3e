/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting the components that break a guard, in the way that was asked for. */
#include "match/cluster/cutting.h"

static mgeo_status cut(mgi_cutting *cutting, const mgeo_cluster_options *options,
                       mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    if (options->one_to_one != 0) {
        mgi_cutting_best_first(cutting);
    } else {
        status = mgi_cutting_center(cutting, error);
    }
    if (status == MGEO_OK && options->cut == MGEO_CUT_CORRELATION) {
        status = mgi_cutting_correlate(cutting, error);
    }
    return status;
}

/* A missing pair counts a quarter of what a link of score 0 would. */
static void choose_level(mgi_cutting *cutting, const mgeo_cluster_options *options) {
    float least = options->least_link;
    float level = least > options->threshold && least != 0 ? least : options->threshold;
    cutting->level = (double)level;
    cutting->missing = level > 0 ? cutting->level / 4 : 0;
}

mgeo_status mgi_cutting_run(mgi_cutting *cutting, const mgi_guards *guards,
                            const mgeo_cluster_options *options, uint32_t *labels,
                            mgeo_error *error) {
    mgi_partition partition;
    const mgi_forest *forest = cutting->forest;
    choose_level(cutting, options);
    mgeo_status status =
        mgi_partition_init(&partition, forest->rows, guards->max_size, guards->sources, error);
    if (status != MGEO_OK) return status;
    cutting->partition = &partition;
    status = cut(cutting, options, error);
    for (uint32_t row = 0; status == MGEO_OK && row < forest->rows; row++) {
        uint32_t root = forest->root[row];
        labels[row] = cutting->broken[root] ? partition.at[row].label : root;
    }
    cutting->partition = NULL;
    mgi_partition_finish(&partition);
    return status;
}
