/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents of a segment are removed: one bit each. */
#include "match/index/removals.h"

#include "core/alloc.h"

#include <string.h>

mgi_removals *mgi_removals_copy(const mgi_removals *removals, uint64_t documents) {
    const size_t words = (size_t)(documents / 64 + 1);
    mgi_removals *copy = mgi_calloc(1, sizeof *copy + words * sizeof *copy->bits);
    if (copy == NULL) return NULL;
    if (removals != NULL) {
        copy->count = removals->count;
        memcpy(copy->bits, removals->bits, words * sizeof *copy->bits);
    }
    atomic_init(&copy->references, 1);
    return copy;
}

mgi_removals *mgi_removals_retain(mgi_removals *removals) {
    if (removals != NULL) atomic_fetch_add(&removals->references, 1);
    return removals;
}

void mgi_removals_release(mgi_removals *removals) {
    if (removals != NULL && atomic_fetch_sub(&removals->references, 1) == 1) mgi_free(removals);
}

bool mgi_removals_add(mgi_removals *removals, uint64_t document) {
    if (mgi_removals_has(removals, document)) return false;
    removals->bits[document / 64] |= UINT64_C(1) << (document % 64);
    removals->count++;
    return true;
}
