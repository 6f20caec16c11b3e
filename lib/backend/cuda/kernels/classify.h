/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the encoder: [CLS] of each sequence, pooler, classifier. */
#ifndef MGI_BACKEND_CUDA_KERNELS_CLASSIFY_H
#define MGI_BACKEND_CUDA_KERNELS_CLASSIFY_H

#include "backend/cuda/kernels/batch.h"

#ifdef __cplusplus
extern "C" {
#endif

/* to[r] = x[offsets[r]]: each sequence's [CLS]; rows of `bytes`, a multiple of 2. */
int mgk_cuda_classify_gather_first(const void *x, void *to, size_t bytes,
                                   const mgk_cuda_batch *batch, bool dependent,
                                   mgk_cuda_stream stream);

/* The same of quantised rows, `width` bytes each, and of their scales, which may be NULL. */
int mgk_cuda_classify_gather_quantised(const void *x, const float *scale, void *to, float *to_scale,
                                       uint32_t width, const mgk_cuda_batch *batch, bool dependent,
                                       mgk_cuda_stream stream);

/* pooled[r, o] = Σ_i x[r, i] weight[o, i], all fp32: for few rows. */
int mgk_cuda_classify_pool(const float *x, const float *weight, float *pooled, uint32_t width,
                           const mgk_cuda_batch *batch, bool dependent, mgk_cuda_stream stream);

/* logits[r, l] = Σ_i tanh(pooled[r, i] + pool_bias[i]) weight[l, i] + bias[l]. `done`, if not NULL,
 * is set to `mark` behind all logits; both may lie in pinned host memory. `arrived` counts, and is
 * 0 before and after. */
typedef struct mgk_cuda_classifier {
    const float *pooled, *pool_bias; /* [rows, width], [width] */
    const float *weight, *bias;      /* [labels, width], [labels] */
    uint32_t width, labels;
    float *logits; /* [rows, labels] */
    uint32_t *arrived;
    const uint32_t *mark; /* read from memory, so that a graph can be told another */
    uint32_t *done;
} mgk_cuda_classifier;

int mgk_cuda_classify(const mgk_cuda_classifier *classifier, const mgk_cuda_batch *batch,
                      bool dependent, mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
