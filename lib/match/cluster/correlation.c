/* SPDX-License-Identifier: Apache-2.0 */
/* Correlation clustering by local moves: rows one by one, each to the cluster where most speaks for
 * it, then clusters that speak for each other become one; again until nothing moves. What speaks
 * for the whole grows with every step, so that it ends; the rounds are limited all the same. */
#include "core/alloc.h"
#include "match/cluster/cutting.h"

enum { MOST_ROUNDS = 16 };

/* What a step must gain: more than the rounding of sums. */
static const double LEAST_GAIN = 1e-9;

/* What speaks between a row, or a cluster, and the clusters around it. 24 bytes a row. */
typedef struct around {
    double *sum;       /* [clusters]: of links, above the level */
    uint32_t *links;   /* [clusters] */
    uint32_t *touched; /* clusters with links, in the order they were met */
    uint32_t *empty;   /* clusters without rows */
    uint32_t touched_count, empty_count;
} around;

static void around_finish(around *it) {
    mgi_free(it->sum);
    mgi_free(it->links);
    mgi_free(it->touched);
    mgi_free(it->empty);
}

static bool around_init(around *it, const mgi_cutting *cutting) {
    uint32_t rows = cutting->partition->rows;
    *it = (around){
        .sum = mgi_calloc(rows, sizeof *it->sum),
        .links = mgi_calloc(rows, sizeof *it->links),
        .touched = mgi_calloc(cutting->count, sizeof *it->touched),
        .empty = mgi_calloc(cutting->count, sizeof *it->empty),
    };
    if (it->sum == NULL || it->links == NULL || it->touched == NULL || it->empty == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < cutting->count; i++) {
        uint32_t cluster = cutting->rows[i];
        if (cutting->partition->at[cluster].size == 0) it->empty[it->empty_count++] = cluster;
    }
    return true;
}

static void add_links(around *it, const mgi_cutting *cutting, uint32_t row) {
    const mgi_neighbours *neighbours = cutting->neighbours;
    for (uint64_t i = neighbours->start[row]; i < neighbours->start[row + 1]; i++) {
        uint32_t cluster = cutting->partition->at[mgi_neighbours_row(neighbours, row, i)].label;
        if (it->links[cluster]++ == 0) it->touched[it->touched_count++] = cluster;
        it->sum[cluster] += (double)mgi_neighbours_score(neighbours, i) - cutting->level;
    }
}

static void forget(around *it) {
    for (uint32_t i = 0; i < it->touched_count; i++) {
        it->sum[it->touched[i]] = 0;
        it->links[it->touched[i]] = 0;
    }
    it->touched_count = 0;
}

/* What speaks for a cluster with which there are `pairs` pairs of rows. */
static double speaks_for(const around *it, const mgi_cutting *cutting, uint32_t cluster,
                         double pairs) {
    return it->sum[cluster] - cutting->missing * (pairs - it->links[cluster]);
}

/* Moves the row to the best cluster, a new one if none speaks for it; whether it moved. */
static bool move_row(around *it, mgi_cutting *cutting, uint32_t row) {
    mgi_partition *partition = cutting->partition;
    uint32_t own = partition->at[row].label, best = own;
    bool was_alone = partition->at[own].size == 1;
    double gain = LEAST_GAIN + speaks_for(it, cutting, own, partition->at[own].size - 1.0);
    if (!was_alone && gain < 0 && it->empty_count > 0) {
        gain = 0;
        best = it->empty[it->empty_count - 1];
    }
    for (uint32_t i = 0; i < it->touched_count; i++) {
        uint32_t cluster = it->touched[i];
        if (cluster == own) continue;
        double found = speaks_for(it, cutting, cluster, partition->at[cluster].size);
        if (found <= gain || !mgi_partition_takes(partition, cluster, row)) continue;
        gain = found;
        best = cluster;
    }
    if (best == own) return false;
    if (partition->at[best].size == 0) it->empty_count--;
    mgi_partition_move(partition, row, best);
    if (was_alone) it->empty[it->empty_count++] = own;
    return true;
}

/* From the last on: of rows that could go as well as another, the first stay. */
static bool move_rows(around *it, mgi_cutting *cutting) {
    bool moved = false;
    for (uint32_t i = cutting->count; i-- > 0;) {
        add_links(it, cutting, cutting->rows[i]);
        moved |= move_row(it, cutting, cutting->rows[i]);
        forget(it);
    }
    return moved;
}

static bool merge_cluster(around *it, mgi_cutting *cutting, uint32_t own) {
    mgi_partition *partition = cutting->partition;
    uint32_t member = partition->at[own].first, best = own;
    for (uint32_t i = 0; i < partition->at[own].size; i++, member = partition->at[member].next) {
        add_links(it, cutting, member);
    }
    double gain = LEAST_GAIN;
    for (uint32_t i = 0; i < it->touched_count; i++) {
        uint32_t cluster = it->touched[i];
        if (cluster == own) continue;
        double pairs = (double)partition->at[own].size * partition->at[cluster].size;
        double found = speaks_for(it, cutting, cluster, pairs);
        if (found <= gain || !mgi_partition_may_merge(partition, own, cluster)) continue;
        gain = found;
        best = cluster;
    }
    forget(it);
    if (best == own) return false;
    it->empty[it->empty_count++] = mgi_partition_merge(partition, own, best);
    return true;
}

static bool merge_clusters(around *it, mgi_cutting *cutting) {
    bool merged = false;
    for (uint32_t i = 0; i < cutting->count; i++) {
        uint32_t cluster = cutting->rows[i];
        if (cutting->partition->at[cluster].size > 0) merged |= merge_cluster(it, cutting, cluster);
    }
    return merged;
}

mgeo_status mgi_cutting_correlate(mgi_cutting *cutting, mgeo_error *error) {
    around it;
    mgeo_status status = MGEO_OK;
    if (around_init(&it, cutting)) {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            bool moved = move_rows(&it, cutting);
            bool merged = merge_clusters(&it, cutting);
            if (!moved && !merged) break;
        }
    } else {
        status = mgi_fail_memory(error, "clusters to move rows between",
                                 (size_t)cutting->partition->rows * 24);
    }
    around_finish(&it);
    return status;
}
