/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out int8 weights, and chooses among the compilations of their products. */
#include "backend/torch/int8.h"
#include "backend/torch/int8_layout.h"

#if defined(MGK_HAVE_AVXVNNI)
#include <cpuid.h>
#endif

size_t mgk_int8_stride(size_t inputs) {
    return (inputs + INPUT_STEP - 1) / INPUT_STEP * INPUT_STEP;
}

size_t mgk_int8_panels(size_t outputs) { return (outputs + PANEL - 1) / PANEL; }

size_t mgk_int8_bytes(size_t outputs, size_t inputs) {
    size_t panels = outputs / PANEL + 1, groups = inputs / GROUP + 1;
    if (panels > SIZE_MAX / (PANEL * GROUP) / groups) return 0;
    return mgk_int8_panels(outputs) * PANEL * ((inputs + GROUP - 1) / GROUP) * GROUP;
}

void mgk_int8_put(const mgk_int8 *kernels, mgk_int8_weight *weight, size_t output,
                  const int8_t *row) {
    size_t groups = (weight->inputs + GROUP - 1) / GROUP, columns = kernels->columns;
    size_t column = output % columns;
    uint8_t *to = weight->panels + ((output - column) * groups + column) * GROUP;
    for (size_t i = 0; i < weight->inputs; i++) {
        to[i / GROUP * columns * GROUP + i % GROUP] = (uint8_t)row[i] ^ kernels->flip;
    }
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

size_t mgk_dispatch_usable_int8(const mgk_int8 *sets[MGK_INT8_VARIANTS]) {
    size_t count = 0;
    sets[count++] = &mgk_int8_base;
#if defined(MGK_HAVE_X86_VARIANTS)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2")) return count;
    sets[count++] = &mgk_int8_avx2;
#if defined(MGK_HAVE_AVXVNNI)
    if (has_avxvnni()) sets[count++] = &mgk_int8_avxvnni;
#endif
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
        sets[count++] = &mgk_int8_vnni;
    }
#endif
    return count;
}

const mgk_int8 *mgk_dispatch_int8(void) {
    const mgk_int8 *sets[MGK_INT8_VARIANTS];
    return sets[mgk_dispatch_usable_int8(sets) - 1];
}
