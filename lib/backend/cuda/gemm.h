/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products, by whichever kernel is fastest for their shape and number of rows. */
#ifndef MGI_BACKEND_CUDA_GEMM_H
#define MGI_BACKEND_CUDA_GEMM_H

#include "backend/cuda/arena.h"
#include "backend/cuda/kernels/gemm.h"

/* Products by shape: each has its own best algorithm at each number of rows. */
typedef enum mgi_cuda_gemm_kind {
    MGI_CUDA_GEMM_QKV,
    MGI_CUDA_GEMM_QUERY, /* of [CLS] alone, in the last layer */
    MGI_CUDA_GEMM_KEY_VALUE,
    MGI_CUDA_GEMM_OUT,
    MGI_CUDA_GEMM_UP,
    MGI_CUDA_GEMM_DOWN,
    MGI_CUDA_GEMM_POOL,
    MGI_CUDA_GEMM_KINDS
} mgi_cuda_gemm_kind;

/* Our own kernels for many rows, prepared for the memory of one lane. */
typedef struct mgi_cuda_gemm_plans mgi_cuda_gemm_plans;

/* One product as the forward pass calls for it. */
typedef struct mgi_cuda_gemm_call {
    const mgi_cuda_replica *replica;
    const mgi_cuda_gemm_plans *plans; /* the lane's, or NULL */
    const mgi_cuda_linear *linear;
    const mgi_cuda_layer *layer; /* NULL outside layers */
    mgi_cuda_gemm_kind kind;
    uint32_t first; /* of the linear's outputs; how many, the kind says */
    uint32_t rows;
    const void *input;
    const void *addend; /* [rows, outputs] of activation, to be added; or NULL */
    void *output;
    void *workspace;
    cudaStream_t stream;
} mgi_cuda_gemm_call;

/* What a product's kernel did besides the sums; the rest is for the next kernel to do. */
typedef struct mgi_cuda_epilogue_done {
    bool bias, activation, addend;
} mgi_cuda_epilogue_done;

/* *plans is to be destroyed, also after an error. Errors: MGEO_E_MEMORY, MGEO_E_DEVICE. */
mgeo_status mgi_cuda_gemm_plans_create(const mgi_encoder *encoder, const mgi_cuda_replica *replica,
                                       const mgi_cuda_buffers *buffers, mgi_cuda_gemm_plans **plans,
                                       mgeo_error *error);
void mgi_cuda_gemm_plans_destroy(mgi_cuda_gemm_plans *plans);

/* Launches a product. Returns 0 or a CUDA error. */
int mgi_cuda_gemm_launch(const mgi_encoder *encoder, const mgi_cuda_gemm_call *call,
                         mgi_cuda_epilogue_done *done);

/* The same product as our own kernels take it, bias and activation behind it. */
mgk_cuda_gemm mgi_cuda_gemm_own_kernel(const mgi_encoder *encoder, const mgi_cuda_gemm_call *call);

/* The activation as kernels know it. */
mgk_cuda_activation mgi_cuda_gemm_activation(mgi_activation activation);

#endif
