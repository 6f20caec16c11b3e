/* SPDX-License-Identifier: Apache-2.0 */
/* LayerNorm: of embeddings, and of residuals. */
#ifndef MGI_BACKEND_CUDA_KERNELS_NORM_H
#define MGI_BACKEND_CUDA_KERNELS_NORM_H

#include "backend/cuda/kernels/batch.h"
#include "backend/cuda/kernels/dtype.h"

#ifdef __cplusplus
extern "C" {
#endif

/* LayerNorm, and where its rows go: each target may be NULL. */
typedef struct mgk_cuda_norm {
    const float *weight, *bias; /* [width] */
    uint32_t width;
    float eps;
    mgk_cuda_dtype type;           /* of x */
    void *x;                       /* [rows, width] F32, F16, BF16 */
    float *exact;                  /* [rows, width] */
    void *quantised;               /* [rows, width] */
    mgk_cuda_dtype quantised_type; /* E4M3: of numbers * scale. S8: in steps of row_scale */
    float scale;
    float *row_scale; /* [rows], written */
} mgk_cuda_norm;

typedef struct mgk_cuda_embedding {
    const mgk_cuda_token *tokens; /* [tokens]; may lie in pinned host memory */
    const uint32_t *upload;       /* sizes and offsets as they came, to be copied; or NULL */
    uint32_t *sizes, *offsets;    /* where to, for the kernels after this one; or NULL */
    const void *words;            /* [vocabulary, width], of norm->type */
    const float *positions;       /* [positions, width] */
    const float *types;           /* [types, width] */
} mgk_cuda_embedding;

/* norm(word + position + type) of every token. With `upload`, batch->sizes is not read. */
int mgk_cuda_norm_embed(const mgk_cuda_embedding *embedding, const mgk_cuda_batch *batch,
                        const mgk_cuda_norm *norm, bool dependent, mgk_cuda_stream stream);

/* norm(x + y + bias); x and y are of norm->type; norm->x may be x. With x NULL: norm(y), which
 * holds the sum already. */
int mgk_cuda_norm_add(const void *x, const void *y, const float *bias, const mgk_cuda_batch *batch,
                      mgk_cuda_extent extent, const mgk_cuda_norm *norm, bool dependent,
                      mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
