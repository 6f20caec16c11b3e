/* Products from the inside: shared by cublas.c, race.c and product.c alone. */
#ifndef MGI_BACKEND_CUDA_GEMM_H
#define MGI_BACKEND_CUDA_GEMM_H

#include "backend/cuda/encoder.h"

#include <cublasLt.h>

/* cublasLt reads matrices by columns, so that our row-major output [rows, outputs] is its
 * [outputs, rows] = weightᵀ input. */
typedef struct mgi_cuda_shape {
    mgk_cuda_type in, out;
    cublasLtEpilogue_t epilogue;
    bool adds; /* the rows of the residual, as well as the bias */
    uint32_t outputs, inputs;
} mgi_cuda_shape;

struct mgi_cuda_algorithms {
    cublasLtHandle_t handle;
    uint32_t steps; /* numbers of rows that are told apart */
    mgi_cuda_shape shapes[MGI_CUDA_SITES];
    cublasLtMatmulAlgo_t *chosen; /* [MGI_CUDA_SITES * steps] */
    bool own[MGI_CUDA_SITES];     /* our kernel for many rows won the race */
};

bool mgi_cuda_is_half(mgk_cuda_type type);

/* ---- cublas.c ---- */

mgi_cuda_shape mgi_cuda_shape_of(const mgi_encoder *encoder, mgi_cuda_site site);

/* Numbers of rows are told apart in steps, finely where they are few; and the most rows of a step.
 */
uint32_t mgi_cuda_step_of(uint32_t rows);
uint32_t mgi_cuda_rows_of(uint32_t step);

/* Rows that a product is given: a few of those behind the last one, which the buffers have. */
uint32_t mgi_cuda_padded(uint32_t rows);

cublasLtMatmulAlgo_t *mgi_cuda_chosen(const mgi_cuda_algorithms *algorithms, mgi_cuda_site site,
                                      uint32_t step);

/* Launches. Returns 0 or a CUDA error. */
int mgi_cuda_multiply_by(const mgi_encoder *encoder, const mgi_cuda_ask *ask,
                         const cublasLtMatmulAlgo_t *algorithm);

enum { MGI_CUDA_TRIED = 8 };

typedef struct mgi_cuda_candidates {
    cublasLtMatmulHeuristicResult_t found[MGI_CUDA_TRIED];
    int count;
} mgi_cuda_candidates;

/* cublasLt's guesses for so many rows, best first; false: it has none. */
bool mgi_cuda_guess(const mgi_encoder *encoder, const mgi_cuda_copy *copy, mgi_cuda_site site,
                    uint32_t rows, int most, mgi_cuda_candidates *candidates);

/* ---- race.c ---- */

/* Where a site's product reads and writes in a pass; the first layer's weights. */
mgi_cuda_ask mgi_cuda_trial(const mgi_encoder *encoder, const mgi_cuda_copy *copy,
                            const mgi_cuda_buffers *buffers, mgi_cuda_site site, uint32_t rows);

/* ---- product.c ---- */

/* The same product as our own kernels take it, bias and activation behind it. */
mgk_cuda_product mgi_cuda_own_product(const mgi_encoder *encoder, const mgi_cuda_ask *ask);

#endif
