/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting by centres: rows in the order of how much their links speak for them; one that is not
 * taken yet is a centre and takes its best neighbours that are not taken either. Then each row goes
 * to the best centre that has room, since an earlier one may have taken it from a better. */
#include "core/alloc.h"
#include "match/cluster/cutting.h"

/* How much the links of a row speak for what is around it. */
static float agreement(const mgi_cutting *cutting, uint32_t row) {
    const mgi_neighbours *neighbours = cutting->neighbours;
    double sum = 0;
    for (uint64_t i = neighbours->start[row]; i < neighbours->start[row + 1]; i++) {
        sum += (double)mgi_neighbours_score(neighbours, i) - cutting->level;
    }
    return (float)sum + 0.0F;
}

/* The rows from the best centre on: by agreement, then from many links to few, then by number. */
static mgi_edge *centre_order(const mgi_cutting *cutting) {
    const uint64_t *start = cutting->neighbours->start;
    mgi_edge *order = mgi_calloc(cutting->count, sizeof *order);
    mgi_radix *radix = mgi_radix_create(cutting->count);
    if (order == NULL || radix == NULL) {
        mgi_free(order);
        mgi_radix_destroy(radix);
        return NULL;
    }
    for (uint32_t i = 0; i < cutting->count; i++) {
        uint32_t row = cutting->rows[i];
        order[i].a = row;
        order[i].b = UINT32_MAX - (uint32_t)(start[row + 1] - start[row]);
        order[i].score = agreement(cutting, row);
    }
    mgi_radix_sort(radix, &order, cutting->count, MGI_RADIX_B);
    mgi_radix_sort(radix, &order, cutting->count, MGI_RADIX_SCORE);
    mgi_radix_destroy(radix);
    return order;
}

static void take_neighbours(mgi_cutting *cutting, uint32_t centre, bool *taken) {
    const mgi_neighbours *neighbours = cutting->neighbours;
    for (uint64_t i = neighbours->start[centre]; i < neighbours->start[centre + 1]; i++) {
        if (neighbours->link[i] >= cutting->links->used) return;
        uint32_t row = mgi_neighbours_row(neighbours, centre, i);
        if (taken[row]) continue;
        if (!mgi_partition_takes(cutting->partition, centre, row)) return;
        mgi_partition_move(cutting->partition, row, centre);
        taken[row] = true;
    }
}

/* Whether a row may leave its cluster: it is not the centre of others. */
static bool is_free(const mgi_partition *partition, uint32_t row) {
    return partition->at[row].label != row || partition->at[row].size == 1;
}

/* Best links come first: the first centre that a row meets and that has it or room for it is the
 * row's best. `settled` is whether a row has met it. */
static void settle(mgi_partition *partition, uint32_t row, uint32_t centre, bool *settled) {
    if (settled[row] || partition->at[centre].label != centre || !is_free(partition, row)) return;
    if (partition->at[row].label != centre && !mgi_partition_takes(partition, centre, row)) return;
    mgi_partition_move(partition, row, centre);
    settled[row] = settled[centre] = true;
}

static void move_to_best_centres(mgi_cutting *cutting, bool *settled) {
    for (size_t i = 0; i < cutting->links->used; i++) {
        const mgi_edge *edge = &cutting->links->edges[i];
        if (!mgi_cutting_has(cutting, edge)) continue;
        settle(cutting->partition, edge->b, edge->a, settled);
        settle(cutting->partition, edge->a, edge->b, settled);
    }
}

mgeo_status mgi_cutting_center(mgi_cutting *cutting, mgeo_error *error) {
    uint32_t rows = cutting->partition->rows;
    mgi_edge *order = centre_order(cutting);
    bool *taken = mgi_calloc(rows, sizeof *taken);
    bool *settled = mgi_calloc(rows, sizeof *settled);
    mgeo_status status = MGEO_OK;
    if (order == NULL || taken == NULL || settled == NULL) {
        status = mgi_fail_memory(error, "centres of clusters",
                                 (size_t)cutting->count * 2 * sizeof *order + 2 * (size_t)rows);
        goto cleanup;
    }
    for (uint32_t i = 0; i < cutting->count; i++) {
        uint32_t row = order[i].a;
        if (taken[row]) continue;
        taken[row] = true;
        take_neighbours(cutting, row, taken);
    }
    move_to_best_centres(cutting, settled);
cleanup:
    mgi_free(order);
    mgi_free(taken);
    mgi_free(settled);
    return status;
}
