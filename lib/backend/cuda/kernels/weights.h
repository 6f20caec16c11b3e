/* SPDX-License-Identifier: Apache-2.0 */
/* Weights on their way in: converted, quantised, bounded. */
#ifndef MGI_BACKEND_CUDA_KERNELS_WEIGHTS_H
#define MGI_BACKEND_CUDA_KERNELS_WEIGHTS_H

#include "backend/cuda/kernels/dtype.h"
#include "backend/cuda/kernels/launch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* to = from * scale, `count` numbers; from F32, F16 or BF16, at any alignment of its own size; to
 * those or E4M3. */
int mgk_cuda_weights_convert(mgk_cuda_dtype from_type, const void *from, mgk_cuda_dtype to_type,
                             void *to, float scale, size_t count, mgk_cuda_stream stream);

/* Fills memory with noise that makes sound numbers of middling size in every type of two bytes or
 * one: for timing. `bytes` is a multiple of 4. */
int mgk_cuda_weights_fill_noise(void *memory, size_t bytes, mgk_cuda_stream stream);

/* to[r] = round(from[r] / scale[r]), scale[r] the largest of the row over 127; S8. */
int mgk_cuda_weights_quantise_rows(mgk_cuda_dtype from_type, const void *from, int8_t *to,
                                   float *scale, uint32_t rows, uint32_t width,
                                   mgk_cuda_stream stream);

/* Raises *largest (the bits of a float >= 0) to the largest size among `count` numbers. */
int mgk_cuda_weights_largest(mgk_cuda_dtype from_type, const void *from, size_t count,
                             float *largest, mgk_cuda_stream stream);

/* Raises *bound to the largest |Σ_i weight[r, i] z_i + bias[r]| that any row r can reach where z is
 * the output of a LayerNorm (gamma, beta): by Cauchy and Schwarz √width |weight ∘ gamma| on top of
 * |weight · beta + bias|, since what LayerNorm scales has the norm √width at most. */
int mgk_cuda_weights_bound(mgk_cuda_dtype from_type, const void *weight, const float *bias,
                           const float *gamma, const float *beta, uint32_t rows, uint32_t width,
                           float *bound, mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
