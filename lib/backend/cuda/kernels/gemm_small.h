/* SPDX-License-Identifier: Apache-2.0 */
/* Products of a few rows, as one pair of texts has, bound by latency and not by arithmetic.
 *
 * The kernels are made for chains of dependent launches, best captured in a graph: each lets the
 * next one start at once, copies its weights into shared memory, and only then waits for the ones
 * before it. What they read ahead of that wait must not be written within the chain: weight,
 * scale, bias, weight_sums, residual_gain, residual_shift.
 *
 * The rule of such chains: the wait ends when every kernel before has ended, and may be relied on
 * for kernels further back only if each kernel in between waits too, in every block. Those here
 * do; any other kernel of the chain that lets its successor start early has to.
 *
 * Two kernels must fit one multiprocessor for their work to overlap: other kernels of the chain
 * should use little shared memory and ask for the largest shared memory carve-out, since
 * multiprocessors change theirs only when empty.
 *
 * The first call on a device reads its abilities and loads the kernels: make it, by
 * mgk_gemm_small_supports, before a capture begins. */
#ifndef MGI_BACKEND_CUDA_KERNELS_GEMM_SMALL_H
#define MGI_BACKEND_CUDA_KERNELS_GEMM_SMALL_H

#include "backend/cuda/kernels/gemm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MGK_SMALL_ROWS = 256,         /* most rows of a product */
    MGK_SMALL_SPLIT = 16,         /* most blocks that share one sum */
    MGK_SMALL_PORTABLE_SPLIT = 8, /* as many as any card takes */
    MGK_SMALL_PART = 64,          /* columns that one pair of moments tells of */
    MGK_SMALL_NORM_WIDTH = 1024   /* widest row that moments may tell of */
};

/* LayerNorm and residual taken into the products around them, which leaves no kernel of its own
 * for them: a product writes raw sums and their moments, and its readers normalise as they read.
 *
 * Moments are float pairs [rows, width / 64]: for each 64 columns of a row their mean and the sum
 * of their squared differences from it. All zero: a plain product. 16-bit output only. */
typedef struct mgk_small_fusion {
    /* With input_moments the product is taken of (input - mean) / deviation. The norm's gain and
     * shift must be folded into weight and bias: see mgk_gemm_small_fold. */
    const float *input_moments;
    const float *weight_sums; /* [outputs]: Σ_i weight[o, i], with input_moments */

    const void *residual; /* [rows, outputs] of output_type, added after the activation, or NULL */
    /* With residual_moments, residual is raw: (residual - mean) / deviation * gain + shift. */
    const float *residual_moments;
    const float *residual_gain, *residual_shift; /* [outputs] */

    float epsilon;         /* of the norms read here */
    float *output_moments; /* of what is written to output, or NULL */
} mgk_small_fusion;

/* How a product is cut up. */
typedef struct mgk_small_plan {
    uint32_t split;     /* blocks that share one sum: their cluster's size */
    uint32_t tile_rows; /* rows of one block: 16, 32, 48 or 64 */
    bool warpgroup;     /* Hopper's warpgroup instructions */
} mgk_small_plan;

/* One norm's gain and shift folded into the weight and bias of the product that reads it. */
typedef struct mgk_small_fold {
    mgk_cuda_dtype source_type; /* F32, F16, BF16 */
    mgk_cuda_dtype weight_type; /* F16, BF16 */
    uint32_t outputs, inputs;
    const void *source;        /* [outputs, inputs] */
    const float *gain, *shift; /* [inputs] */
    const float *source_bias;  /* [outputs], or NULL: 0 */
    void *weight;              /* [outputs, inputs] of weight_type: source * gain; not source */
    float *weight_sums;        /* [outputs], of weight as rounded */
    float *bias;               /* [outputs]: source_bias + Σ_i source[o, i] shift[i] */
} mgk_small_fold;

/* Whether the current device takes the product: at most 256 rows, outputs in whole 64s, input rows
 * in whole 128 bytes, F16, BF16 or (compute capability 8.9 and up) E4M3 input. */
bool mgk_gemm_small_supports(const mgk_cuda_gemm *product);

int mgk_gemm_small(const mgk_cuda_gemm *product, mgk_cuda_stream stream);
int mgk_gemm_small_fused(const mgk_cuda_gemm *product, const mgk_small_fusion *fusion,
                         mgk_cuda_stream stream);
int mgk_gemm_small_fold(const mgk_small_fold *fold, mgk_cuda_stream stream);

/* For measuring: the plan that the launchers above use, whether the device can run a plan, and a
 * launch by a given plan (fusion may be NULL). */
mgk_small_plan mgk_gemm_small_choose(const mgk_cuda_gemm *product);
bool mgk_gemm_small_can(const mgk_cuda_gemm *product, const mgk_small_plan *plan);
int mgk_gemm_small_planned(const mgk_cuda_gemm *product, const mgk_small_fusion *fusion,
                           const mgk_small_plan *plan, mgk_cuda_stream stream);

#ifdef __cplusplus
}
#endif

#endif
