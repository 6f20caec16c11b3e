/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of kernels share: the compilations that this processor runs, numbers, memory whose
 * ends are watched. */
#ifndef TEST_BACKEND_CPU_KERNEL_SETS_H
#define TEST_BACKEND_CPU_KERNEL_SETS_H

#include "backend/cpu/kernels/dispatch.h"
#include "backend/cpu/kernels/isa_variant.h"
#include "support/check.h"
#include "support/random_encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KERNEL_SETS = 3, WATCHED = 64, UNTOUCHED = 0xa5 };

static inline size_t kernel_sets(const mgk_kernels *sets[KERNEL_SETS]) {
    size_t count = 0;
    sets[count++] = &mgk_kernels_base;
#if defined(MGK_HAVE_X86_VARIANTS)
    if (mgk_dispatch_kernels() != &mgk_kernels_base) sets[count++] = &mgk_kernels_avx2;
    if (mgk_dispatch_kernels() == &mgk_kernels_avx512) sets[count++] = &mgk_kernels_avx512;
#endif
    return count;
}

static inline void kernel_fill(float *to, size_t count, float size, uint64_t seed) {
    for (size_t i = 0; i < count; i++) {
        to[i] = size * (float)((double)(random_encoder_next_u64(&seed) >> 11) * 0x1p-52 - 1);
    }
}

static inline void close_to(float a, double b, double bound, const char *what, const char *set) {
    if (!(fabs((double)a - b) <= bound)) fail_msg("%s, %s: %g, not %g", what, set, (double)a, b);
}

/* Memory for `bytes`, aligned as kernels want it, every byte UNTOUCHED, and as much before and
 * after it that must stay so. */
static inline void *watched_alloc(size_t bytes) {
    size_t all = (bytes + 63) / 64 * 64 + 2 * WATCHED;
    char *memory = aligned_alloc(64, all);
    assert_non_null(memory);
    memset(memory, UNTOUCHED, all);
    return memory + WATCHED;
}

static inline bool is_untouched(const void *from, size_t bytes) {
    const unsigned char *at = from;
    for (size_t i = 0; i < bytes; i++) {
        if (at[i] != UNTOUCHED) return false;
    }
    return true;
}

static inline void watched_free(void *memory, size_t bytes) {
    assert_true(is_untouched((char *)memory - WATCHED, WATCHED));
    assert_true(is_untouched((char *)memory + bytes, WATCHED));
    free((char *)memory - WATCHED);
}

#endif
