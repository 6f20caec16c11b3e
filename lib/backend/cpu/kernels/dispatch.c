/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses among the compilations of the kernels, and sizes the scratch that all of them need. */
#include "backend/cpu/kernels/dispatch.h"

#include "backend/cpu/kernels/isa_variant.h"

#if defined(MGK_HAVE_AVXVNNI)
#include <cpuid.h>
#endif

enum { WIDEST = 32, QUERIES = 8 }; /* twice the lanes, and the rows at a time, of attention.c */

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

#if defined(MGK_HAVE_AVXVNNI)
/* Compilers of today do not all know its name. That the system keeps the vectors is part of the
 * question for AVX2, which comes first. */
static bool has_avxvnni(void) {
    enum { LEAF = 7, BIT = 1 << 4 };
    unsigned a, b, c, d;
    if (!__get_cpuid_count(LEAF, 0, &a, &b, &c, &d) || a < 1) return false;
    return __get_cpuid_count(LEAF, 1, &a, &b, &c, &d) && (a & BIT);
}
#endif

size_t mgk_dispatch_usable_int8(const mgk_int8 *variants[MGK_INT8_VARIANTS]) {
    size_t count = 0;
    variants[count++] = &mgk_int8_base;
#if defined(MGK_HAVE_X86_VARIANTS)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2")) return count;
    variants[count++] = &mgk_int8_avx2;
#if defined(MGK_HAVE_AVXVNNI)
    if (has_avxvnni()) variants[count++] = &mgk_int8_avxvnni;
#endif
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        variants[count++] = &mgk_int8_vnni;
    }
#endif
    return count;
}

const mgk_int8 *mgk_dispatch_int8(void) {
    const mgk_int8 *variants[MGK_INT8_VARIANTS];
    return variants[mgk_dispatch_usable_int8(variants) - 1];
}
