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
static atomic_long failure_count;
static atomic_bool failing_on;

static bool must_fail(void) {
    long nth = atomic_fetch_add_explicit(&allocation_count, 1, memory_order_relaxed) + 1;
    long from = atomic_load_explicit(&failing_allocation, memory_order_relaxed);
    if (from == 0 || nth < from) return false;
    if (nth > from && !atomic_load_explicit(&failing_on, memory_order_relaxed)) return false;
    atomic_fetch_add_explicit(&failure_count, 1, memory_order_relaxed);
    return true;
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

static void fail_from(long nth, bool on) {
    atomic_store(&failing_allocation, 0);
    atomic_store(&allocation_count, 0);
    atomic_store(&failure_count, 0);
    atomic_store(&failing_on, on);
    atomic_store(&failing_allocation, nth);
}

void mgi_alloc_fail_at(long nth) { fail_from(nth, false); }

void mgi_alloc_fail_from(long nth) { fail_from(nth, true); }

long mgi_alloc_count(void) { return atomic_load(&allocation_count); }

long mgi_alloc_failures(void) { return atomic_load(&failure_count); }
