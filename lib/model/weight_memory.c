/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that have memory for a while, and pages that go from one of them to the next. */
#define _GNU_SOURCE
#include "model/weight_memory.h"

#include <sys/mman.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* from Linux 5.7 on; before that pages are always fresh */
#endif

enum { MOST_BYTES = 32 << 20 };

static void *reserve_at(void *at, size_t room) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at != NULL ? MAP_FIXED : 0);
    void *reserved = mmap(at, room, PROT_NONE, flags, -1, 0);
    return reserved == MAP_FAILED ? NULL : reserved;
}

void *mgi_weight_memory_reserve(size_t room) { return reserve_at(NULL, room); }

static void give_back(void *at, size_t room) {
    if (reserve_at(at, room) == NULL) madvise(at, room, MADV_DONTNEED);
}

/* ---- spares ---------------------------------------------------------------------------------- */

static void forget(mgi_weight_memory *memory, unsigned number) {
    memory->bytes -= memory->spares[number].bytes;
    memory->spares[number] = memory->spares[--memory->count];
}

/* Where address space is filled anew, spares that wait in it go. */
static void clear_range(mgi_weight_memory *memory, char *at, size_t room) {
    for (unsigned i = memory->count; i-- > 0;) {
        char *spare = memory->spares[i].at;
        if (spare < at || spare >= at + room) continue;
        give_back(spare, memory->spares[i].bytes);
        forget(memory, i);
    }
}

/* The smallest that is large enough; MGI_WEIGHT_MEMORY_SPARES: none is. */
static unsigned best_spare(const mgi_weight_memory *memory, size_t room) {
    unsigned best = MGI_WEIGHT_MEMORY_SPARES;
    for (unsigned i = 0; i < memory->count; i++) {
        size_t bytes = memory->spares[i].bytes;
        if (bytes < room) continue;
        if (best == MGI_WEIGHT_MEMORY_SPARES || bytes < memory->spares[best].bytes) best = i;
    }
    return best;
}

/* The pages come with their contents and rights; the address they leave stays ours. */
static bool move_spare(mgi_weight_memory *memory, char *to, size_t room) {
    unsigned best = best_spare(memory, room);
    if (best == MGI_WEIGHT_MEMORY_SPARES) return false;
    char *from = memory->spares[best].at;
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    if (mremap(from, room, room, flags, to) == MAP_FAILED) return false;
    mprotect(from, room, PROT_NONE);
    memory->spares[best].at += room;
    memory->spares[best].bytes -= room;
    memory->bytes -= room;
    if (memory->spares[best].bytes == 0) forget(memory, best);
    return true;
}

/* ---- filling and emptying -------------------------------------------------------------------- */

bool mgi_weight_memory_fill(mgi_weight_memory *memory, void *at, size_t room) {
    clear_range(memory, at, room);
    return move_spare(memory, at, room) || mprotect(at, room, PROT_READ | PROT_WRITE) == 0;
}

void mgi_weight_memory_empty(mgi_weight_memory *memory, void *at, size_t room) {
    size_t kept = MOST_BYTES - memory->bytes < room ? MOST_BYTES - memory->bytes : room;
    if (memory->count == MGI_WEIGHT_MEMORY_SPARES) kept = 0;
    if (kept < room) give_back((char *)at + kept, room - kept);
    if (kept == 0) return;
    memory->spares[memory->count].at = at;
    memory->spares[memory->count++].bytes = kept;
    memory->bytes += kept;
}

void mgi_weight_memory_trim(mgi_weight_memory *memory) {
    for (; memory->count > 0; forget(memory, 0)) {
        give_back(memory->spares[0].at, memory->spares[0].bytes);
    }
}
