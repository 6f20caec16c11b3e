/* SPDX-License-Identifier: Apache-2.0 */
/* Products from the inside: shared by cublas.c, race.c and product.c alone. */
#ifndef MGI_BACKEND_CUDA_GEMM_H
#define MGI_BACKEND_CUDA_GEMM_H

#include "backend/cuda/encoder.h"

#include <cublasLt.h>

/* cublasLt reads matrices by columns, so that our row-major output [rows, outputs] is its
 * [outputs, rows] = weightᵀ input. */
typedef struct mgi_cuda_gemm_shape {
    mgk_cuda_dtype in, out;
    cublasLtEpilogue_t epilogue;
    bool adds; /* the rows of the residual, as well as the bias */
    uint32_t outputs, inputs;
} mgi_cuda_gemm_shape;

struct mgi_cuda_gemm_algorithms {
    cublasLtHandle_t handle;
    uint32_t steps; /* numbers of rows that are told apart */
    mgi_cuda_gemm_shape shapes[MGI_CUDA_GEMM_KINDS];
    cublasLtMatmulAlgo_t *chosen;  /* [MGI_CUDA_GEMM_KINDS * steps] */
    bool own[MGI_CUDA_GEMM_KINDS]; /* our kernel for many rows won the race */
};

bool mgk_cuda_dtype_is_half(mgk_cuda_dtype type);

/* ---- cublas.c ---- */

mgi_cuda_gemm_shape mgi_cuda_cublas_shape(const mgi_encoder *encoder, mgi_cuda_gemm_kind site);

/* Numbers of rows are told apart in steps, finely where they are few; and the most rows of a step.
 */
uint32_t mgi_cuda_cublas_bucket(uint32_t rows);
uint32_t mgi_cuda_cublas_bucket_rows(uint32_t step);

/* Rows that a product is given: a few of those behind the last one, which the buffers have. */
uint32_t mgi_cuda_cublas_padded_rows(uint32_t rows);

cublasLtMatmulAlgo_t *mgi_cuda_cublas_chosen(const mgi_cuda_gemm_algorithms *algorithms,
                                             mgi_cuda_gemm_kind site, uint32_t step);

/* Launches. Returns 0 or a CUDA error. */
int mgi_cuda_cublas_launch(const mgi_encoder *encoder, const mgi_cuda_gemm_call *ask,
                           const cublasLtMatmulAlgo_t *algorithm);

enum { MGI_CUDA_CUBLAS_MAX_CANDIDATES = 8 };

typedef struct mgi_cuda_cublas_candidates {
    cublasLtMatmulHeuristicResult_t found[MGI_CUDA_CUBLAS_MAX_CANDIDATES];
    int count;
} mgi_cuda_cublas_candidates;

/* cublasLt's guesses for so many rows, best first; false: it has none. */
bool mgi_cuda_cublas_guess(const mgi_encoder *encoder, const mgi_cuda_replica *copy,
                           mgi_cuda_gemm_kind site, uint32_t rows, int most,
                           mgi_cuda_cublas_candidates *candidates);

/* ---- race.c ---- */

/* Where a site's product reads and writes in a pass; the first layer's weights. */
mgi_cuda_gemm_call mgi_cuda_autotune_trial_call(const mgi_encoder *encoder,
                                                const mgi_cuda_replica *copy,
                                                const mgi_cuda_buffers *buffers,
                                                mgi_cuda_gemm_kind site, uint32_t rows);

/* ---- product.c ---- */

/* The same product as our own kernels take it, bias and activation behind it. */
mgk_cuda_gemm mgi_cuda_gemm_own_kernel(const mgi_encoder *encoder, const mgi_cuda_gemm_call *ask);

#endif
