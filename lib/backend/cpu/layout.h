/* SPDX-License-Identifier: Apache-2.0 */
/* Where each of a model's tensors goes in the encoder's memory, and in which form. */
#ifndef MGI_BACKEND_CPU_LAYOUT_H
#define MGI_BACKEND_CPU_LAYOUT_H

#include "backend/cpu/encoder.h"

/* What is placed in one go: a product's weight out of one or more matrices over the same inputs,
 * one above another; or a tensor's numbers as they are. */
typedef struct mgi_cpu_piece {
    const mgi_tensor *from[MGI_CPU_QKV_PARTS];
    unsigned count;
    size_t bytes;         /* that it takes */
    const mgk_gemm *gemm; /* NULL: numbers as they are */
    mgk_gemm_weight *weight;
    float *scale;   /* what weight->scale reads */
    mgi_dtype type; /* of numbers as they are */
    void *to;
} mgi_cpu_piece;

typedef void mgi_cpu_layout_visit(void *context, const mgi_cpu_piece *piece);

/* Walks through the model in the order of mgi_weights: deals out the cursor's memory, points the
 * encoder at it and shows each piece to `visit`, which may be NULL. The encoder's layers may be
 * NULL while the cursor only counts: what a piece points to is then gone after the visit. */
void mgi_cpu_layout_walk(mgi_encoder *encoder, const mgi_weights *weights, mgi_cpu_cursor *cursor,
                         mgi_cpu_layout_visit *visit, void *context);

/* Pieces that a walk shows. */
size_t mgi_cpu_layout_pieces(const mgi_encoder_spec *spec);

#endif
