/* SPDX-License-Identifier: Apache-2.0 */
/* Where everything lies in a card's arena: weights first, then the lanes' buffers. */
#ifndef MGI_BACKEND_CUDA_ARENA_H
#define MGI_BACKEND_CUDA_ARENA_H

#include "backend/cuda/encoder.h"

/* Memory of a lane, for batches of up to encoder->batch_tokens tokens. */
typedef struct mgi_cuda_buffers {
    char *upload;    /* sizes, offsets, tokens: as they come (upload.h) */
    uint32_t *sizes; /* for batches whose upload stays with the host */
    uint32_t *offsets;
    uint32_t *arrived;
    void *x;            /* [tokens, hidden], activation */
    void *quantised;    /* [tokens, hidden], gemm, where that is not activation */
    float *row_scale;   /* [tokens], S8: of quantised */
    void *qkv;          /* [tokens, 3 * hidden], activation; in the end [sequences, hidden] fp32 */
    void *context;      /* [tokens, hidden], gemm; S8: activation */
    void *context_int8; /* [tokens, hidden], S8 */
    float *context_scale; /* [tokens], S8 */
    void *y;              /* [tokens, hidden], activation; in the end [sequences, hidden] fp32 */
    void *wide;           /* [tokens, intermediate], gemm */
    float *wide_scale;    /* [tokens], S8 */
    int32_t *sums;        /* [tokens, the widest], S8 */
    void *workspace;      /* cublasLt's */
} mgi_cuda_buffers;

enum {
    MGI_CUDA_CUBLAS_WORKSPACE = 32 << 20,
    MGI_CUDA_ARENA_ROWS_STEP = 256,
    MGI_CUDA_STAGING_BYTES = 16 << 20
};

/* Both lay out from `memory` on and return the bytes used; memory NULL: only counts, and every
 * pointer is NULL. So what is estimated is what is allocated. */
uint64_t mgi_cuda_arena_layout_weights(const mgi_encoder *encoder, mgi_cuda_replica *replica,
                                       char *memory);
uint64_t mgi_cuda_arena_layout_lane(const mgi_encoder *encoder, mgi_cuda_buffers *buffers,
                                    char *memory);

/* Bytes through which weights come in before there are lanes, in the lanes' place. */
uint64_t mgi_cuda_arena_staging_bytes(const mgi_encoder *encoder);

/* All of a replica: weights, and lanes or staging behind them. */
uint64_t mgi_cuda_arena_bytes(const mgi_encoder *encoder);

#endif
