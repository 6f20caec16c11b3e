/* Lays out int8 weights, and chooses among the compilations of their products. */
#include "backend/torch/int8.h"
#include "backend/torch/int8_layout.h"

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
    size_t groups = (weight->inputs + GROUP - 1) / GROUP;
    uint8_t *to = weight->panels + (output / PANEL) * PANEL * groups * GROUP;
    to += output % PANEL * GROUP;
    for (size_t i = 0; i < weight->inputs; i++)
        to[i / GROUP * PANEL * GROUP + i % GROUP] = (uint8_t)row[i] ^ kernels->flip;
}

const mgk_int8 *mgk_best_int8(void) {
#if defined(MGK_HAVE_X86_SETS)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return &mgk_int8_vnni;
    if (__builtin_cpu_supports("avx2")) return &mgk_int8_avx2;
#endif
    return &mgk_int8_base;
}
