/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses among the compilations of the kernels, and sizes the scratch that all of them need. */
#define _GNU_SOURCE /* secure_getenv */
#include "backend/cpu/kernels/dispatch.h"

#include "backend/cpu/kernels/gemm_amx.h"
#include "backend/cpu/kernels/gemm_variants.h"
#include "backend/cpu/kernels/isa_variant.h"
#include "backend/cpu/kernels/tiles.h"
#include "backend/cpu/kernels/x86.h"

#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
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

/* Instruction sets in the order in which MGEO_CPU_ISA caps them. */
#if defined(__aarch64__)
typedef enum isa { BASE, DOTPROD, I8MM, BF16, ISAS } isa;
static const char *const names[ISAS] = {"base", "dotprod", "i8mm", "bf16"};
#else
typedef enum isa { BASE, AVX2, AVXVNNI, AVX512, AVX512VNNI, AVX512BF16, AMX, ISAS } isa;
static const char *const names[ISAS] = {"base",       "avx2",       "avxvnni", "avx512",
                                        "avx512vnni", "avx512bf16", "amx"};
#endif

static isa highest_allowed(void) {
    const char *cap = secure_getenv("MGEO_CPU_ISA");
    for (size_t i = 0; cap != NULL && i < ISAS; i++) {
        if (strcmp(cap, names[i]) == 0) return (isa)i;
    }
    return ISAS - 1;
}

#if defined(MGK_HAVE_X86_VARIANTS)

static bool has(isa which) {
    switch (which) {
    case BASE: return true;
    case AVX2: return mgk_x86_has_avx2();
    case AVXVNNI: return mgk_x86_has_avxvnni();
    case AVX512: return mgk_x86_has_avx512();
    case AVX512VNNI: return mgk_x86_has_avx512vnni();
    case AVX512BF16: return mgk_x86_has_avx512bf16();
    case AMX: return mgk_x86_has_avx512() && mgk_tiles_usable();
    case ISAS: break;
    }
    return false;
}

#elif defined(__aarch64__)

/* What the kernel says that the processor has, and it lets programs use. */
static bool has(isa which) {
    switch (which) {
    case BASE: return true;
    case DOTPROD: return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
    case I8MM: return (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
    case BF16: return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
    case ISAS: break;
    }
    return false;
}

#else

static bool has(isa which) { return which == BASE; }

#endif

static bool usable(isa which) { return which <= highest_allowed() && has(which); }

/* Of a kind the best one last. */
static const struct {
    isa needs;
    const mgk_gemm *gemm;
} products[] = {
    {BASE, &mgk_gemm_fp32_base},
    {BASE, &mgk_gemm_bf16_base},
    {BASE, &mgk_gemm_int8_base},
#if defined(MGK_HAVE_X86_VARIANTS)
    {AVX2, &mgk_gemm_fp32_avx2},
    {AVX2, &mgk_gemm_bf16_avx2},
    {AVX2, &mgk_gemm_int8_avx2},
    {AVX512, &mgk_gemm_fp32_avx512},
    {AVX512, &mgk_gemm_bf16_avx512},
#if defined(MGK_HAVE_AVXVNNI)
    {AVXVNNI, &mgk_gemm_int8_avxvnni},
#endif
    {AVX512VNNI, &mgk_gemm_int8_avx512vnni},
#if defined(MGK_HAVE_AVX512BF16)
    {AVX512BF16, &mgk_gemm_bf16_avx512bf16},
#endif
#if defined(MGK_HAVE_AMX)
    {AMX, &mgk_gemm_amx_bf16},
    {AMX, &mgk_gemm_amx_int8},
#endif
#endif
#if defined(MGK_HAVE_DOTPROD)
    {DOTPROD, &mgk_gemm_int8_dotprod},
#endif
#if defined(MGK_HAVE_I8MM)
    {I8MM, &mgk_gemm_int8_i8mm},
    {BF16, &mgk_gemm_bf16_neon},
#endif
};

const mgk_kernels *mgk_dispatch_kernels(void) {
#if defined(MGK_HAVE_X86_VARIANTS)
    if (usable(AVX512)) return &mgk_kernels_avx512;
    if (usable(AVX2)) return &mgk_kernels_avx2;
#endif
    return &mgk_kernels_base;
}

const mgk_weights_rows *mgk_dispatch_weights_rows(void) {
#if defined(MGK_HAVE_X86_VARIANTS)
    if (usable(AVX512)) return &mgk_weights_rows_avx512;
    if (usable(AVX2)) return &mgk_weights_rows_avx2;
#endif
    return &mgk_weights_rows_base;
}

size_t mgk_dispatch_usable_gemm(mgk_dtype kind, const mgk_gemm *list[MGK_DISPATCH_MOST]) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        if (products[i].gemm->kind != kind || !usable(products[i].needs)) continue;
        list[count++] = products[i].gemm;
    }
    return count;
}

const mgk_gemm *mgk_dispatch_best_gemm(const mgk_gemm *const *list, size_t count, bool slow_bf16) {
    const mgk_gemm *best = list[count - 1];
#if defined(MGK_HAVE_AVX512BF16)
    if (slow_bf16 && count > 1 && best == &mgk_gemm_bf16_avx512bf16) return list[count - 2];
#else
    (void)slow_bf16;
#endif
    return best;
}

/* On Intel's processors the instruction for bf16 makes a quarter as many products as on AMD's,
 * fewer than weights that are widened to fp32. */
static bool has_slow_bf16(void) {
#if defined(MGK_HAVE_X86_VARIANTS)
    return mgk_x86_is_intel() && highest_allowed() != AVX512BF16;
#else
    return false;
#endif
}

const mgk_gemm *mgk_dispatch_gemm(mgk_dtype kind) {
    const mgk_gemm *list[MGK_DISPATCH_MOST];
    return mgk_dispatch_best_gemm(list, mgk_dispatch_usable_gemm(kind, list), has_slow_bf16());
}
