/* SPDX-License-Identifier: Apache-2.0 */
/* The compilations of the kernels that this processor can run.
 *
 * MGEO_CPU_ISA in the environment leaves out what is above it, for measurements and tests: base,
 * avx2, avxvnni, avx512, avx512vnni, avx512bf16 or amx, each with all before it. A name that is not
 * one of these leaves out nothing; the names of the kernels tell what was chosen. */
#ifndef MGI_BACKEND_CPU_KERNELS_DISPATCH_H
#define MGI_BACKEND_CPU_KERNELS_DISPATCH_H

#include "backend/cpu/kernels/gemm.h"
#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/weights_rows.h"

/* The best kernels for this processor, and the best products of a kind: MGK_FP32, MGK_BF16 or
 * MGK_INT8. */
const mgk_kernels *mgk_dispatch_kernels(void);
const mgk_gemm *mgk_dispatch_gemm(mgk_dtype kind);
const mgk_weights_rows *mgk_dispatch_weights_rows(void);

/* All products of a kind that this processor can run, the newest instructions last; returns how
 * many. */
enum { MGK_DISPATCH_MOST = 8 };
size_t mgk_dispatch_usable_gemm(mgk_dtype kind, const mgk_gemm *list[MGK_DISPATCH_MOST]);

/* The best one of such a list: the last, but for AVX512_BF16 the one before where that is slow, as
 * it is on Intel's processors; there MGEO_CPU_ISA=avx512bf16 chooses it all the same. */
const mgk_gemm *mgk_dispatch_best_gemm(const mgk_gemm *const *list, size_t count, bool slow_bf16);

#endif
