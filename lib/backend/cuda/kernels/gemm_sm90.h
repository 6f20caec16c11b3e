/* SPDX-License-Identifier: Apache-2.0 */
/* Products of many rows on Hopper (compute capability 9.0): input and weight of F16, BF16 or E4M3,
 * everything behind the product in the same kernel.
 *
 * A product is prepared once, for its pointers and the most rows it will have, and launched with
 * any number of rows. Input rows may be read up to a multiple of 256 rows, whatever stands there;
 * output rows are written up to `rows` and not beyond.
 *
 * The first call on a device reads its abilities and loads kernels: call mgk_gemm_sm90_prepare
 * before a capture begins; mgk_gemm_sm90_launch may be captured. */
#ifndef MGI_BACKEND_CUDA_KERNELS_GEMM_SM90_H
#define MGI_BACKEND_CUDA_KERNELS_GEMM_SM90_H

#include "backend/cuda/kernels/gemm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* May be copied as it is; good on the device that was current when it was prepared. */
typedef struct mgk_gemm_sm90_plan {
    uint64_t opaque[112];
} mgk_gemm_sm90_plan;

/* Whether the current device and this file take the product: outputs in whole 128s, input rows in
 * whole 128 bytes; F16 to F16, BF16 to BF16, E4M3 to F16, BF16 or E4M3; scale with E4M3 only;
 * IDENTITY, GELU or GELU_TANH. */
bool mgk_gemm_sm90_supports(const mgk_cuda_gemm *product);

/* product->rows and product->dependent are not looked at. */
int mgk_gemm_sm90_prepare(const mgk_cuda_gemm *product, uint32_t rows_capacity,
                          mgk_gemm_sm90_plan *plan);

/* dependent: may begin before the kernel before it has ended, see launch.h. Weight, scale and bias
 * must not be written by kernels that may still be running then. */
int mgk_gemm_sm90_launch(const mgk_gemm_sm90_plan *plan, uint32_t rows, bool dependent,
                         mgk_cuda_stream stream);

/* For measuring: how the kernel is laid out. */
typedef struct mgk_gemm_sm90_tuning {
    uint32_t tile_outputs; /* 256, 192 or 128; 0: chosen by the number of rows */
    uint32_t cluster;      /* blocks that share a weight tile: 2; 1 only where compiled in */
    uint32_t lead;         /* how far the first warpgroup of a block runs ahead, in steps of K */
} mgk_gemm_sm90_tuning;

/* Fails, changing nothing, if the plan cannot be run so. */
int mgk_gemm_sm90_tune(mgk_gemm_sm90_plan *plan, const mgk_gemm_sm90_tuning *tuning);

/* The tuning that a launch with that many rows uses. */
mgk_gemm_sm90_tuning mgk_gemm_sm90_choose(const mgk_gemm_sm90_plan *plan, uint32_t rows);

#ifdef __cplusplus
}
#endif

#endif
