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
mgeo_status mgi_pass_begin(pass *pass, unsigned cores, mgeo_error *error);

/* An int8 product, shared out by outputs. */
void mgi_pass_multiply_int8(pass *pass, const mgk_int8_weight *weight, const mgk_input *input,
                            size_t rows, float *out, size_t stride);

/* The kernels, over rows 0..rows-1 or the whole batch; nothing happens once the scope failed. */
void mgi_pass_embed(pass *pass, float *x, const mgk_input *input);
void mgi_pass_attend(pass *pass, const mgk_attention *attention, bool first_only);
void mgi_pass_pack(pass *pass, const float *from, const mgk_input *input, size_t rows);
void mgi_pass_add_norm(pass *pass, float *x, const mgk_output *y, const bert_norm *norm,
                       const mgk_input *input, size_t rows);
void mgi_pass_activate(pass *pass, mgi_activation activation, const mgk_output *y, size_t width,
                       const mgk_input *input, size_t rows);

#endif
