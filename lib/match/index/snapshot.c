/* SPDX-License-Identifier: Apache-2.0 */
/* A generation's contents: its segments and which of their documents are removed. */
#include "match/index/snapshot.h"

#include "core/alloc.h"

mgi_snapshot *mgi_snapshot_create(size_t count) {
    mgi_snapshot *snapshot = mgi_calloc(1, sizeof *snapshot + count * sizeof *snapshot->parts);
    if (snapshot != NULL) atomic_init(&snapshot->references, 1);
    return snapshot;
}

void mgi_snapshot_add(mgi_snapshot *snapshot, mgi_segment *segment, mgi_removals *removals) {
    snapshot->parts[snapshot->count++] = (mgi_snapshot_part){segment, removals, snapshot->rows};
    snapshot->rows += segment->documents;
    if (removals != NULL) snapshot->removed += removals->count;
    if (segment->documents > snapshot->largest) snapshot->largest = segment->documents;
}

mgi_snapshot *mgi_snapshot_retain(mgi_snapshot *snapshot) {
    atomic_fetch_add(&snapshot->references, 1);
    return snapshot;
}

void mgi_snapshot_release(mgi_snapshot *snapshot) {
    if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) > 1) return;
    for (size_t i = 0; i < snapshot->count; i++) {
        mgi_segment_release(snapshot->parts[i].segment);
        mgi_removals_release(snapshot->parts[i].removals);
    }
    mgi_free(snapshot->path);
    mgi_free(snapshot);
}

size_t mgi_snapshot_find_row(const mgi_snapshot *snapshot, uint64_t row) {
    size_t part = 0;
    while (part + 1 < snapshot->count && snapshot->parts[part + 1].first_row <= row) part++;
    return part;
}

bool mgi_snapshot_find_id(const mgi_snapshot *snapshot, const char *id, size_t bytes, size_t *part,
                          uint32_t *document) {
    for (size_t i = snapshot->count; i-- > 0;) {
        const mgi_snapshot_part *at = &snapshot->parts[i];
        if (!mgi_segment_find_id(at->segment, id, bytes, document)) continue;
        if (mgi_removals_has(at->removals, *document)) continue;
        *part = i;
        return true;
    }
    return false;
}
