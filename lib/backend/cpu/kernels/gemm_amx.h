/* SPDX-License-Identifier: Apache-2.0 */
/* Products on tiles (AMX), for processors and processes that have them: mgk_tiles_usable. */
#ifndef MGI_BACKEND_CPU_KERNELS_GEMM_AMX_H
#define MGI_BACKEND_CPU_KERNELS_GEMM_AMX_H

#include "backend/cpu/kernels/gemm.h"

/* Where the compiler knows tiles: MGK_HAVE_AMX. */
extern const mgk_gemm mgk_gemm_amx_int8;
extern const mgk_gemm mgk_gemm_amx_bf16;

/* The same loops over tiles in plain C, for tests. */
extern const mgk_gemm mgk_gemm_amx_int8_emulated;
extern const mgk_gemm mgk_gemm_amx_bf16_emulated;

#endif
