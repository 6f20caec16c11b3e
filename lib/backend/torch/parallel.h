/* SPDX-License-Identifier: Apache-2.0 */
/* One batch's forward pass: the kernels, run in parallel on the cores that it may use. */
#ifndef MGI_BACKEND_TORCH_PASS_H
#define MGI_BACKEND_TORCH_PASS_H

#include "backend/torch/workspace.h"

typedef struct mgi_torch_pass {
    mgi_lane *lane;
    const mgi_encoder *encoder;
    mgt_scope *scope;
    const mgi_batch *batch;
    unsigned cores;
} mgi_torch_pass;

/* Enters the scope, with memory for that many cores. On failure it is not entered. */
mgeo_status mgi_torch_parallel_begin(mgi_torch_pass *p, unsigned cores, mgeo_error *error);

/* An int8 product, shared out by outputs. */
void mgi_torch_parallel_gemm_int8(mgi_torch_pass *p, const mgk_int8_weight *weight,
                                  const mgk_input *input, size_t rows, float *out, size_t stride);

/* The kernels, over rows 0..rows-1 or the whole batch; nothing happens once the scope failed. */
void mgi_torch_parallel_embed(mgi_torch_pass *p, float *x, const mgk_input *input);
void mgi_torch_parallel_attend(mgi_torch_pass *p, const mgk_attention *attention, bool first_only);
void mgi_torch_parallel_pack(mgi_torch_pass *p, const float *from, const mgk_input *input,
                             size_t rows);
void mgi_torch_parallel_add_norm(mgi_torch_pass *p, float *x, const mgk_output *y,
                                 const mgi_torch_norm *norm, const mgk_input *input, size_t rows);
void mgi_torch_parallel_activate(mgi_torch_pass *p, mgi_activation activation, const mgk_output *y,
                                 size_t width, const mgk_input *input, size_t rows);

#endif
