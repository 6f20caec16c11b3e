/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents of a segment are removed: one bit each. */
#ifndef MGI_MATCH_INDEX_REMOVALS_H
#define MGI_MATCH_INDEX_REMOVALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which documents of a segment are removed. */
typedef struct mgi_removals {
    atomic_uint_fast64_t references;
    uint64_t count;
    uint64_t bits[];
} mgi_removals;

/* A copy of `removals` (NULL: none) for a segment of so many documents, with one reference. */
mgi_removals *mgi_removals_copy(const mgi_removals *removals, uint64_t documents);
mgi_removals *mgi_removals_retain(mgi_removals *removals);
void mgi_removals_release(mgi_removals *removals);

static inline bool mgi_removals_has(const mgi_removals *removals, uint64_t document) {
    return removals != NULL && (removals->bits[document / 64] >> (document % 64) & 1) != 0;
}

/* false: it was there already. */
bool mgi_removals_add(mgi_removals *removals, uint64_t document);

#endif
