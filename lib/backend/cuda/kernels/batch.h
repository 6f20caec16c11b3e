/* SPDX-License-Identifier: Apache-2.0 */
/* A batch as kernels see it, and as the host sends it. */
#ifndef MGI_BACKEND_CUDA_KERNELS_BATCH_H
#define MGI_BACKEND_CUDA_KERNELS_BATCH_H

#include "backend/cuda/kernels/launch.h"

/* Launches are sized for the bounds, so that one captured graph serves many batches; the real sizes
 * stand in device memory. */
typedef struct mgk_cuda_batch {
    const uint32_t *sizes;   /* [2]: rows, tokens */
    const uint32_t *offsets; /* [rows + 1] */
    uint32_t rows, tokens;   /* bounds of sizes[0] and sizes[1] */
    uint32_t longest;        /* bound of a row's tokens */
    bool stable; /* sizes and offsets were there before the first kernel: none need wait for them */
} mgk_cuda_batch;

/* One token on its way to the embeddings. */
typedef struct mgk_cuda_token {
    int32_t id;
    uint16_t position;
    uint16_t type;
} mgk_cuda_token;

/* Rows counted from sizes: all tokens, or one row for each sequence. */
typedef enum mgk_cuda_extent { MGK_CUDA_TOKENS, MGK_CUDA_SEQUENCES } mgk_cuda_extent;

/* In what the host sends: sizes, then from this word on the offsets. */
#define MGK_CUDA_UPLOAD_OFFSETS 4u

#endif
