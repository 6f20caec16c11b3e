/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting of edges, stable and in time proportional to their number. */
#ifndef MGI_MATCH_CLUSTER_RADIX_H
#define MGI_MATCH_CLUSTER_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* Two rows, a < b, and their link. */
typedef struct mgi_edge {
    uint32_t a, b;
    float score; /* finite, and not -0 */
} mgi_edge;

typedef enum mgi_radix_field {
    MGI_RADIX_A,    /* ascending */
    MGI_RADIX_B,    /* ascending */
    MGI_RADIX_SCORE /* descending */
} mgi_radix_field;

/* Room to sort up to `capacity` edges, fewer than 2^32: as many edges again. NULL: no memory. */
typedef struct mgi_radix mgi_radix;
mgi_radix *mgi_radix_create(size_t capacity);

/* Sorts by one field; edges that have it in common keep their order, so that sorting by the least
 * field first orders by several. *edges must have been allocated by mgi_calloc with the capacity
 * of the radix: the two may change places. */
void mgi_radix_sort(mgi_radix *radix, mgi_edge **edges, size_t count, mgi_radix_field field);

void mgi_radix_destroy(mgi_radix *radix);

#endif
