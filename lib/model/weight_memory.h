/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that have memory for a while, and pages that go from one of them to the next.
 *
 * Fresh pages are cleared by the kernel, one by one, before they are read into: that takes as long
 * as reading. So pages that are no longer needed at one address are moved to another. */
#ifndef MGI_MODEL_WEIGHT_MEMORY_H
#define MGI_MODEL_WEIGHT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

enum { MGI_WEIGHT_MEMORY_SPARES = 8 };

typedef struct mgi_weight_memory {
    struct {
        char *at;
        size_t bytes;
    } spares[MGI_WEIGHT_MEMORY_SPARES]; /* pages that wait at the address where they were last */
    unsigned count;
    size_t bytes; /* of the spares */
} mgi_weight_memory;

/* Address space without memory, whole pages; NULL: there is none. Given back by munmap. */
void *mgi_weight_memory_reserve(size_t room);

/* Gives `room` bytes of address space memory, whose contents are anything. False: there is none. */
bool mgi_weight_memory_fill(mgi_weight_memory *memory, void *at, size_t room);

/* Takes the memory away again; some of it is kept for the next. */
void mgi_weight_memory_empty(mgi_weight_memory *memory, void *at, size_t room);

/* Gives what was kept back to the system. */
void mgi_weight_memory_trim(mgi_weight_memory *memory);

#endif
