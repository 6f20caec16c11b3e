/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses among the compilations of the kernels. */
#include "backend/torch/isa_variant.h"

enum { WIDEST = 32, QUERIES = 4 }; /* twice the lanes, and the rows at a time, of attention.c */

size_t mgk_kernels_attention_scratch(uint32_t max_length, uint32_t head_width) {
    uint64_t length = ((uint64_t)max_length + WIDEST - 1) / WIDEST * WIDEST;
    uint64_t width = ((uint64_t)head_width + WIDEST - 1) / WIDEST * WIDEST;
    uint64_t limit = UINT64_C(1) << 31;
    if (length > limit || width > limit || length * width > limit) return 0;
    uint64_t floats = 2 * length * width + QUERIES * (width + length);
    return floats <= SIZE_MAX / sizeof(float) ? (size_t)floats : 0;
}

const mgk_kernels *mgk_dispatch_kernels(void) {
#if defined(MGK_HAVE_X86_VARIANTS)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return &mgk_kernels_avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &mgk_kernels_avx2;
#endif
    return &mgk_kernels_base;
}
