/* SPDX-License-Identifier: Apache-2.0 */
/* Products by cublasLt, for cublas.c, autotune.c and gemm.c. */
#ifndef MGI_BACKEND_CUDA_CUBLAS_H
#define MGI_BACKEND_CUDA_CUBLAS_H

#include "backend/cuda/gemm.h"

#include <cublasLt.h>

/* cublasLt reads matrices by columns, so that our row-major output [rows, outputs] is its
 * [outputs, rows] = weightᵀ input. */
typedef struct mgi_cuda_gemm_shape {
    mgk_cuda_dtype in, out;
    cublasLtEpilogue_t epilogue;
    bool adds; /* the rows of the residual, as well as the bias */
    uint32_t outputs, inputs;
} mgi_cuda_gemm_shape;

/* The algorithm of each kind of product for each bucket of row counts. */
struct mgi_cuda_gemm_algorithms {
    cublasLtHandle_t handle;
    uint32_t buckets;
    mgi_cuda_gemm_shape shapes[MGI_CUDA_GEMM_KINDS];
    cublasLtMatmulAlgo_t *chosen;  /* [MGI_CUDA_GEMM_KINDS * buckets] */
    bool own[MGI_CUDA_GEMM_KINDS]; /* our kernel for many rows was faster */
};

mgi_cuda_gemm_shape mgi_cuda_cublas_shape(const mgi_encoder *encoder, mgi_cuda_gemm_kind kind);

/* The bucket of a number of rows, narrow where rows are few; and the most rows of a bucket. */
uint32_t mgi_cuda_cublas_bucket(uint32_t rows);
uint32_t mgi_cuda_cublas_bucket_rows(uint32_t bucket);

/* Rows that a product is given: a few of those behind the last one, which the buffers have. */
uint32_t mgi_cuda_cublas_padded_rows(uint32_t rows);

cublasLtMatmulAlgo_t *mgi_cuda_cublas_chosen(const mgi_cuda_gemm_algorithms *algorithms,
                                             mgi_cuda_gemm_kind kind, uint32_t bucket);

/* Launches by `algorithm`; NULL: cublasLt's own choice. Returns 0 or a CUDA error. */
int mgi_cuda_cublas_launch(const mgi_encoder *encoder, const mgi_cuda_gemm_call *call,
                           const cublasLtMatmulAlgo_t *algorithm);

enum { MGI_CUDA_CUBLAS_MAX_CANDIDATES = 8 };

typedef struct mgi_cuda_cublas_candidates {
    cublasLtMatmulHeuristicResult_t found[MGI_CUDA_CUBLAS_MAX_CANDIDATES];
    int count;
} mgi_cuda_cublas_candidates;

/* cublasLt's guesses for a number of rows, best first; false: it has none. */
bool mgi_cuda_cublas_guess(const mgi_encoder *encoder, const mgi_cuda_replica *replica,
                           mgi_cuda_gemm_kind kind, uint32_t rows, int most,
                           mgi_cuda_cublas_candidates *candidates);

#endif
