/* SPDX-License-Identifier: Apache-2.0 */
/* One batch's way through the encoder: the kernels, shared out among the cores it may use. */
#ifndef MGI_BACKEND_TORCH_PARALLEL_H
#define MGI_BACKEND_TORCH_PARALLEL_H

#include "backend/torch/forward.h"

typedef struct pass {
    mgi_lane *lane;
    const mgi_encoder *encoder;
    mgt_scope *scope;
    const mgi_batch *batch;
    unsigned cores;
} pass;

/* Enters the scope, with memory for so many cores. On failure it is not entered. */
mgeo_status mgi_torch_parallel_begin(pass *pass, unsigned cores, mgeo_error *error);

/* An int8 product, shared out by outputs. */
void mgi_torch_parallel_gemm_int8(pass *pass, const mgk_int8_weight *weight, const mgk_input *input,
                                  size_t rows, float *out, size_t stride);

/* The kernels, over rows 0..rows-1 or the whole batch; nothing happens once the scope failed. */
void mgi_torch_parallel_embed(pass *pass, float *x, const mgk_input *input);
void mgi_torch_parallel_attend(pass *pass, const mgk_attention *attention, bool first_only);
void mgi_torch_parallel_pack(pass *pass, const float *from, const mgk_input *input, size_t rows);
void mgi_torch_parallel_add_norm(pass *pass, float *x, const mgk_output *y,
                                 const mgi_torch_norm *norm, const mgk_input *input, size_t rows);
void mgi_torch_parallel_activate(pass *pass, mgi_activation activation, const mgk_output *y,
                                 size_t width, const mgk_input *input, size_t rows);

#endif
