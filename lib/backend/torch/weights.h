/* SPDX-License-Identifier: Apache-2.0 */
/* A model's weights: loaded into an encoder, and what loading decides for each tensor. */
#ifndef MGI_BACKEND_TORCH_WEIGHTS_H
#define MGI_BACKEND_TORCH_WEIGHTS_H

#include "backend/torch/encoder.h"

/* Fills encoder->layers and all else that is weights, from a request whose sizes hold. On failure
 * what was placed is still to be freed. */
mgeo_status mgi_torch_weights_load(mgi_encoder *encoder, const mgi_encoder_request *request,
                                   mgeo_error *error);
void mgi_torch_weights_free(mgi_encoder *encoder);

/* ---- what loading decides, and estimates follow ---- */

/* Can a product of this dtype read the tensor where it lies? */
bool mgi_torch_weights_in_place(mgk_dtype dtype, const mgi_tensor *tensor);

/* The table of words is only looked up, so any kind of number will do: as in the file where the
 * file is kept or small, else in two bytes. */
mgi_dtype mgi_torch_weights_words_dtype(mgk_dtype dtype, mgi_dtype from);

/* Into how many products query, key and value go: one where they are copied anyway; where all three
 * can be read from the file, three cost less than a quarter of the model in fresh memory. In the
 * last layer only [CLS] attends, so its query is a product of its own. */
unsigned mgi_torch_weights_qkv_gemms(mgk_dtype dtype, const mgi_layer_weights *from, bool last);

/* How many of the three matrices that product holds: one product all; of two products the first
 * the query alone; three products one each. */
static inline unsigned mgi_torch_weights_qkv_width(unsigned products, unsigned product) {
    if (products == 1) return MGI_TORCH_QKV_PARTS;
    return products == 2 && product == 1 ? 2 : 1;
}

#endif
