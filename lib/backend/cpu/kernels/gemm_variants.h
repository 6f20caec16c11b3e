/* SPDX-License-Identifier: Apache-2.0 */
/* The compilations of the products, one for each number type and instruction set; dispatch.h says
 * which of them this processor runs. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_VARIANTS_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_VARIANTS_H

#include "backend/cpu/kernels/gemm.h"

extern const mgk_gemm mgk_gemm_fp32_base;
extern const mgk_gemm mgk_gemm_fp32_avx2;
extern const mgk_gemm mgk_gemm_fp32_avx512;

extern const mgk_gemm mgk_gemm_bf16_base;
extern const mgk_gemm mgk_gemm_bf16_avx2;
extern const mgk_gemm mgk_gemm_bf16_avx512;
extern const mgk_gemm mgk_gemm_bf16_avx512bf16; /* MGK_HAVE_AVX512BF16: the compiler knows it */

extern const mgk_gemm mgk_gemm_int8_base;
extern const mgk_gemm mgk_gemm_int8_avx2;
extern const mgk_gemm mgk_gemm_int8_avxvnni; /* MGK_HAVE_AVXVNNI: the compiler knows it */
extern const mgk_gemm mgk_gemm_int8_avx512vnni;

/* aarch64, where the compiler knows them: MGK_HAVE_DOTPROD, MGK_HAVE_I8MM */
extern const mgk_gemm mgk_gemm_int8_dotprod;
extern const mgk_gemm mgk_gemm_int8_i8mm;
extern const mgk_gemm mgk_gemm_bf16_neon;

#endif
