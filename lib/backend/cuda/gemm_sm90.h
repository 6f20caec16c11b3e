/* Products of many rows on Hopper (compute capability 9.0): input and weight of F16, BF16 or E4M3,
 * everything behind the product in the same kernel.
 *
 * A product is prepared once, for its pointers and the most rows it will have, and launched with
 * any number of rows. Input rows may be read up to a multiple of 256 rows, whatever stands there;
 * output rows are written up to `rows` and not beyond.
 *
 * The first call on a device reads its abilities and loads kernels: call mgk_gemm_sm90_prepare
 * before a capture begins; mgk_gemm_sm90_launch may be captured. */
#ifndef MGI_BACKEND_CUDA_GEMM_SM90_H
#define MGI_BACKEND_CUDA_GEMM_SM90_H

#include "backend/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* May be copied as it is; good on the device that was current when it was prepared. */
typedef struct mgk_gemm_sm90_plan {
    uint64_t opaque[112];
} mgk_gemm_sm90_plan;

/* Whether the current device and this file take the product: outputs in whole 128s, input rows in
 * whole 128 bytes; F16 to F16, BF16 to BF16, E4M3 to F16 or E4M3; scale with E4M3 only;
 * IDENTITY, GELU or GELU_TANH. */
bool mgk_gemm_sm90_supports(const mgk_cuda_product *product);

/* LayerNorm left to the products around it, see mgk_cuda_moments. */
typedef enum mgk_sm90_form {
    MGK_SM90_PLAIN,
    MGK_SM90_NORMALISE, /* input is raw: it is as if normalised first */
    MGK_SM90_ADD        /* output is raw: a residual, which is raw too, is added to the product */
} mgk_sm90_form;

typedef struct mgk_sm90_norm {
    mgk_sm90_form form;
    float step; /* what a step of the sums is worth; product->scale is not looked at */
    /* The norm that is read: the input's, or the residual's. */
    mgk_cuda_moments moments;
    uint32_t width; /* of its rows: MGK_CUDA_PARTS * 128 at most */
    float eps;
    /* NORMALISE: the weights' sums of mgk_cuda_fold; product->bias is its shift. ADD: [outputs],
     * the residual norm's weight; its bias is part of product->bias. */
    const float *gain;
    /* ADD only. */
    const void *residual;     /* [rows, outputs], of output_type; read up to whole 256s of rows */
    const float *output_gain; /* [outputs]: the weight of the norm to come */
    mgk_cuda_moments written;
    void *narrow; /* [rows, outputs] E4M3: output * narrow_scale; or NULL */
    float narrow_scale;
} mgk_sm90_norm;

/* Whether the current device takes the product so: to add, output must be F16 or BF16 and the
 * activation IDENTITY. */
bool mgk_gemm_sm90_folds(const mgk_cuda_product *product, const mgk_sm90_norm *norm);

/* product->rows and product->dependent are not looked at. norm may be NULL: MGK_SM90_PLAIN. */
int mgk_gemm_sm90_prepare(const mgk_cuda_product *product, const mgk_sm90_norm *norm,
                          uint32_t rows_capacity, mgk_gemm_sm90_plan *plan);

/* dependent: may begin before the kernel before it has ended, see kernels.h. Weight, scale and bias
 * must not be written by kernels that may still be running then. parts: of the moments that are
 * read, if any. */
int mgk_gemm_sm90_launch(const mgk_gemm_sm90_plan *plan, uint32_t rows, uint32_t parts,
                         bool dependent, mgk_cuda_stream stream);

/* Parts of the moments that a launch with so many rows writes. */
uint32_t mgk_gemm_sm90_parts(const mgk_gemm_sm90_plan *plan, uint32_t rows);

/* For measuring: how the kernel is laid out. */
typedef struct mgk_gemm_sm90_tuning {
    uint32_t tile_outputs; /* 256, 192 or 128; 0: chosen by the number of rows */
    uint32_t cluster;      /* blocks that share a weight tile: 2; 1 only where compiled in */
    uint32_t lead;         /* how far the first warpgroup of a block runs ahead, in steps of K */
} mgk_gemm_sm90_tuning;

/* Fails, changing nothing, if the plan cannot be run so. */
int mgk_gemm_sm90_tune(mgk_gemm_sm90_plan *plan, const mgk_gemm_sm90_tuning *tuning);

/* The tuning that a launch with so many rows uses. */
mgk_gemm_sm90_tuning mgk_gemm_sm90_choose(const mgk_gemm_sm90_plan *plan, uint32_t rows);

#ifdef __cplusplus
}
#endif

#endif
