/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, with overflow checks and a hook by which tests make the nth allocation fail. */
#include "core/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_long allocation_count;
static atomic_long failing_allocation;

static bool must_fail(void) {
    long nth = atomic_fetch_add_explicit(&allocation_count, 1, memory_order_relaxed) + 1;
    return nth == atomic_load_explicit(&failing_allocation, memory_order_relaxed);
}

void *mgi_calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || must_fail()) return NULL;
    return calloc(1, bytes == 0 ? 1 : bytes);
}

void *mgi_alloc_aligned(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - 64 || must_fail()) {
        return NULL;
    }
    bytes = (bytes + 63) / 64 * 64;
    void *memory = aligned_alloc(64, bytes == 0 ? 64 : bytes);
    if (memory != NULL) memset(memory, 0, bytes);
    return memory;
}

void *mgi_realloc(void *memory, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || must_fail()) return NULL;
    return realloc(memory, bytes == 0 ? 1 : bytes);
}

char *mgi_strdup(const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = mgi_calloc(bytes, 1);
    if (copy != NULL) memcpy(copy, text, bytes);
    return copy;
}

void mgi_free(void *memory) { free(memory); }

void mgi_alloc_fail_at(long nth) {
    atomic_store(&allocation_count, 0);
    atomic_store(&failing_allocation, nth);
}

long mgi_alloc_count(void) { return atomic_load(&allocation_count); }
