/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters as rings of rows. */
#include "match/cluster/partition.h"

#include "core/alloc.h"

/* ---- rows by cluster and source -------------------------------------------------------------- */

static uint64_t mix(uint32_t a, uint32_t b) {
    const uint64_t both = ((uint64_t)a << 32 | b) * UINT64_C(0x9E3779B97F4A7C15);
    return (both ^ both >> 32) * UINT64_C(0xD6E8FEB86659FD93) >> 32;
}

/* Where a row of the source is looked for first. */
static uint64_t home(const mgi_partition *partition, uint32_t cluster, uint32_t source) {
    return mix(cluster, source) * partition->slot_count >> 32;
}

static uint64_t after(const mgi_partition *partition, uint64_t slot) {
    return slot + 1 == partition->slot_count ? 0 : slot + 1;
}

static void note(mgi_partition *partition, uint32_t row) {
    uint64_t slot = home(partition, partition->at[row].label, partition->at[row].source);
    while (partition->slots[slot] != 0) slot = after(partition, slot);
    partition->slots[slot] = row + 1;
}

/* Those behind move up, as far as each may, so that no gap parts one from where it is looked for.
 */
static void forget(mgi_partition *partition, uint32_t row) {
    uint32_t *slots = partition->slots;
    uint64_t gap = home(partition, partition->at[row].label, partition->at[row].source);
    while (slots[gap] != row + 1) gap = after(partition, gap);
    for (uint64_t slot = after(partition, gap); slots[slot] != 0; slot = after(partition, slot)) {
        const mgi_partition_row *other = &partition->at[slots[slot] - 1];
        const uint64_t from = home(partition, other->label, other->source);
        const bool stays = gap < slot ? gap < from && from <= slot : gap < from || from <= slot;
        if (stays) continue;
        slots[gap] = slots[slot];
        gap = slot;
    }
    slots[gap] = 0;
}

/* The cluster's row of the source, plus 1; 0: it has none. */
static uint32_t find(const mgi_partition *partition, uint32_t cluster, uint32_t source) {
    uint64_t slot = home(partition, cluster, source);
    for (; partition->slots[slot] != 0; slot = after(partition, slot)) {
        const mgi_partition_row *row = &partition->at[partition->slots[slot] - 1];
        if (row->label == cluster && row->source == source) break;
    }
    return partition->slots[slot];
}

/* ---- the partition --------------------------------------------------------------------------- */

static bool has_memory(const mgi_partition *partition) {
    return partition->at != NULL &&
           (!partition->by_source || (partition->slots != NULL && partition->conflicts != NULL));
}

mgeo_status mgi_partition_init(mgi_partition *partition, uint32_t rows, uint32_t max_size,
                               const uint32_t *sources, mgeo_error *error) {
    const bool by_source = sources != NULL;
    const uint64_t slots = (uint64_t)rows + rows / 4 + 1;
    const uint32_t conflicts = rows < MGI_PARTITION_CONFLICTS ? rows : MGI_PARTITION_CONFLICTS;
    *partition = (mgi_partition){
        .rows = rows,
        .max_size = max_size,
        .by_source = by_source,
        .at = mgi_calloc(rows, sizeof *partition->at),
        .slots = by_source ? mgi_calloc(slots, sizeof *partition->slots) : NULL,
        .slot_count = slots,
        .conflicts = by_source ? mgi_calloc(conflicts, sizeof *partition->conflicts) : NULL,
        .conflict_count = conflicts,
    };
    if (!has_memory(partition)) {
        mgi_partition_finish(partition);
        return mgi_fail_memory(error, "clusters to cut", (size_t)rows * sizeof *partition->at);
    }
    for (uint32_t row = 0; row < rows; row++) {
        partition->at[row] = (mgi_partition_row){.label = row,
                                                 .next = row,
                                                 .previous = row,
                                                 .source = by_source ? sources[row] : 0,
                                                 .size = 1,
                                                 .first = row};
        if (by_source) note(partition, row);
    }
    return MGEO_OK;
}

void mgi_partition_finish(mgi_partition *partition) {
    mgi_free(partition->at);
    mgi_free(partition->slots);
    mgi_free(partition->conflicts);
    *partition = (mgi_partition){.rows = 0};
}

bool mgi_partition_takes(const mgi_partition *partition, uint32_t cluster, uint32_t row) {
    if (partition->at[cluster].size >= partition->max_size) return false;
    return !partition->by_source || find(partition, cluster, partition->at[row].source) == 0;
}

/* Links between two large clusters may be many: the row that spoke against the first of them speaks
 * against the others, and is not looked for again. */
bool mgi_partition_may_merge(mgi_partition *partition, uint32_t a, uint32_t b) {
    const mgi_partition_row *at = partition->at;
    if ((uint64_t)at[a].size + at[b].size > partition->max_size) return false;
    if (!partition->by_source) return true;
    const bool a_is_larger = at[a].size > at[b].size || (at[a].size == at[b].size && a < b);
    const uint32_t larger = a_is_larger ? a : b, smaller = a_is_larger ? b : a;
    const uint64_t place = mix(a < b ? a : b, a < b ? b : a) * partition->conflict_count >> 32;
    mgi_partition_conflict *known = &partition->conflicts[place];
    if (at[known->a].source == at[known->b].source &&
        ((at[known->a].label == a && at[known->b].label == b) ||
         (at[known->a].label == b && at[known->b].label == a))) {
        return false;
    }
    uint32_t member = at[smaller].first;
    for (uint32_t i = 0; i < at[smaller].size; i++, member = at[member].next) {
        const uint32_t other = find(partition, larger, at[member].source);
        if (other == 0) continue;
        *known = (mgi_partition_conflict){member, other - 1};
        return false;
    }
    return true;
}

static void take_out(mgi_partition *partition, uint32_t row) {
    uint32_t cluster = partition->at[row].label;
    uint32_t next = partition->at[row].next, previous = partition->at[row].previous;
    partition->at[previous].next = next;
    partition->at[next].previous = previous;
    partition->at[cluster].size--;
    if (partition->at[cluster].first == row) partition->at[cluster].first = next;
}

static void put_in(mgi_partition *partition, uint32_t row, uint32_t cluster) {
    uint32_t next = partition->at[cluster].size++ == 0 ? row : partition->at[cluster].first;
    uint32_t previous = next == row ? row : partition->at[next].previous;
    if (next == row) partition->at[cluster].first = row;
    partition->at[row].next = next;
    partition->at[row].previous = previous;
    partition->at[previous].next = row;
    partition->at[next].previous = row;
    partition->at[row].label = cluster;
}

void mgi_partition_move(mgi_partition *partition, uint32_t row, uint32_t cluster) {
    if (partition->at[row].label == cluster) return;
    if (partition->by_source) forget(partition, row);
    take_out(partition, row);
    put_in(partition, row, cluster);
    if (partition->by_source) note(partition, row);
}

uint32_t mgi_partition_merge(mgi_partition *partition, uint32_t a, uint32_t b) {
    bool a_is_larger = partition->at[a].size >= partition->at[b].size;
    uint32_t into = a_is_larger ? a : b, from = a_is_larger ? b : a;
    while (partition->at[from].size > 0) {
        mgi_partition_move(partition, partition->at[from].first, into);
    }
    return from;
}
