/* SPDX-License-Identifier: Apache-2.0 */
/* The forward pass. */
#ifndef MGI_BACKEND_CUDA_FORWARD_H
#define MGI_BACKEND_CUDA_FORWARD_H

#include "backend/cuda/arena.h"
#include "backend/cuda/gemm.h"
#include "backend/cuda/kernels/batch.h"
#include "backend/cuda/qkv_attention.h"

/* One batch on its way through a lane. */
typedef struct mgi_cuda_forward_pass {
    const mgi_encoder *encoder;
    const mgi_cuda_replica *replica;
    const mgi_cuda_buffers *buffers;
    const mgi_cuda_gemm_plans *plans; /* or NULL */
    mgk_cuda_batch batch;
    const uint32_t *upload;       /* as mgk_cuda_embedding's; or NULL */
    const mgk_cuda_token *tokens; /* likewise */
    mgi_cuda_tiling tiling;
    float *logits;
    const uint32_t *mark; /* as mgk_cuda_classifier's; or NULL */
    uint32_t *done;
    cudaStream_t stream;
} mgi_cuda_forward_pass;

/* Launches all kernels of a batch on its stream. Returns 0 or a CUDA error. */
int mgi_cuda_forward_run(const mgi_cuda_forward_pass *pass);

#endif
