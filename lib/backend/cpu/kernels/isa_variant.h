/* SPDX-License-Identifier: Apache-2.0 */
/* The names of one compilation of the kernels: each instruction set's carry its suffix. */
#ifndef MGI_BACKEND_CPU_KERNELS_ISA_VARIANT_H
#define MGI_BACKEND_CPU_KERNELS_ISA_VARIANT_H

#include "backend/cpu/kernels/kernels.h"

#if defined(MGK_AVX512)
#define MGK_ISA_VARIANT(name) name##_avx512
#define MGK_ISA_VARIANT_NAME "AVX-512"
#elif defined(MGK_AVX2)
#define MGK_ISA_VARIANT(name) name##_avx2
#define MGK_ISA_VARIANT_NAME "AVX2"
#else
#define MGK_ISA_VARIANT(name) name##_base
#define MGK_ISA_VARIANT_NAME "portable"
#endif

void MGK_ISA_VARIANT(mgk_kernels_attend_heads)(const mgk_heads *heads, const mgk_sequence *sequence,
                                               uint32_t from, uint32_t to, float *scratch);

extern const mgk_kernels mgk_kernels_base;
extern const mgk_kernels mgk_kernels_avx2;
extern const mgk_kernels mgk_kernels_avx512;

#endif
