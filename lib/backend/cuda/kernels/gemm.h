/* SPDX-License-Identifier: Apache-2.0 */
/* One matrix product, as our kernels take it. */
#ifndef MGI_BACKEND_CUDA_KERNELS_GEMM_H
#define MGI_BACKEND_CUDA_KERNELS_GEMM_H

#include "backend/cuda/kernels/dtype.h"
#include "backend/cuda/kernels/launch.h"

/* output[r, o] = to(activation(scale[o] * Σ_i input[r, i] weight[o, i] + bias[o]) * output_scale).
 *
 * Sums are taken in fp32. E4M3 output saturates; other outputs ignore output_scale. */
typedef struct mgk_cuda_gemm {
    mgk_cuda_dtype input_type;  /* of input and weight */
    mgk_cuda_dtype output_type; /* F16, BF16, E4M3 */
    mgk_cuda_activation activation;
    uint32_t rows, outputs, inputs;
    const void *input;  /* [rows, inputs], dense */
    const void *weight; /* [outputs, inputs], dense */
    const float *scale; /* [outputs], or NULL: 1 */
    const float *bias;  /* [outputs], or NULL: 0 */
    void *output;       /* [rows, outputs], dense */
    float output_scale;
    bool dependent;
} mgk_cuda_gemm;

#endif
