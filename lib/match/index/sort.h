/* SPDX-License-Identifier: Apache-2.0 */
/* Many numbers sorted by their bits. */
#ifndef MGI_MATCH_INDEX_SORT_H
#define MGI_MATCH_INDEX_SORT_H

#include <stddef.h>
#include <stdint.h>

/* A number and what it is of. */
typedef struct mgi_sort_pair {
    uint64_t key;
    uint64_t value;
} mgi_sort_pair;

/* Both sort ascending and use `spare`, as large; equal keys keep their order. */
void mgi_sort_keys(uint64_t *keys, uint64_t *spare, size_t count);
void mgi_sort_pairs(mgi_sort_pair *pairs, mgi_sort_pair *spare, size_t count);

#endif
