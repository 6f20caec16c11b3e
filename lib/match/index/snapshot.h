/* SPDX-License-Identifier: Apache-2.0 */
/* A generation's contents: its segments and which of their documents are removed. Never changed
 * once it is made, and freed with its last reference. */
#ifndef MGI_MATCH_INDEX_SNAPSHOT_H
#define MGI_MATCH_INDEX_SNAPSHOT_H

#include "match/index/build/build.h"
#include "match/index/removals.h"
#include "match/index/segment.h"

typedef struct mgi_snapshot_part {
    mgi_segment *segment;
    mgi_removals *removals; /* NULL: none */
    uint64_t first_row;
} mgi_snapshot_part;

typedef struct mgi_snapshot {
    atomic_uint_fast64_t references;
    uint64_t generation;
    uint64_t rows; /* the removed ones among them */
    uint64_t removed;
    uint64_t aside;   /* records of what was put aside when this became the current one */
    uint64_t largest; /* documents of the largest segment */
    char *path;       /* of the file that was opened, or NULL */
    size_t count;
    mgi_snapshot_part parts[];
} mgi_snapshot;

/* Room for `count` parts, with one reference and no generation yet. NULL: out of memory. */
mgi_snapshot *mgi_snapshot_create(size_t count);
/* Adds a part, whose segment and removals become the snapshot's (and are released with it). */
void mgi_snapshot_add(mgi_snapshot *snapshot, mgi_segment *segment, mgi_removals *removals);
mgi_snapshot *mgi_snapshot_retain(mgi_snapshot *snapshot);
/* NULL is ignored. */
void mgi_snapshot_release(mgi_snapshot *snapshot);

/* The part that has this row, which is one. */
size_t mgi_snapshot_find_row(const mgi_snapshot *snapshot, uint64_t row);
/* Where the record with this id is that is not removed. false: there is none. */
bool mgi_snapshot_find_id(const mgi_snapshot *snapshot, const char *id, size_t bytes, size_t *part,
                          uint32_t *document);

#endif
