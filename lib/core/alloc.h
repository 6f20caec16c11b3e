/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, with overflow checks and a hook by which tests make the nth allocation fail. */
#ifndef MGI_CORE_ALLOC_H
#define MGI_CORE_ALLOC_H

#include <stddef.h>

/* Zeroed memory for count items of size bytes; NULL when out of memory or the product overflows.
 * A zero product still yields a pointer that can be freed. */
void *mgi_calloc(size_t count, size_t size);

/* As calloc, aligned to 64 bytes (a cache line and the widest vector); free with mgi_free. */
void *mgi_alloc_aligned(size_t count, size_t size);

/* Grows or shrinks; on failure the old block stays valid. New bytes are not initialised. */
void *mgi_realloc(void *memory, size_t count, size_t size);

/* A copy of a C string, or NULL. */
char *mgi_strdup(const char *text);

void mgi_free(void *memory);

/* Tests: the nth allocation from now (1 = the next) fails, later ones succeed again; 0: none. */
void mgi_alloc_fail_at(long nth);

/* Tests: the nth allocation from now and all after it fail. */
void mgi_alloc_fail_from(long nth);

/* Tests: allocations made since the last of these two, and how many of them have failed. */
long mgi_alloc_count(void);
long mgi_alloc_failures(void);

#endif
