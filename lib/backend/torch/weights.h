/* SPDX-License-Identifier: Apache-2.0 */
/* A model's weights, copied into an encoder. */
#ifndef MGI_BACKEND_TORCH_WEIGHTS_H
#define MGI_BACKEND_TORCH_WEIGHTS_H

#include "backend/torch/encoder.h"

/* Fills encoder->layers and all else that is weights, from a request whose sizes hold. On failure
 * what was placed is still to be freed. */
mgeo_status mgi_torch_weights_load(mgi_encoder *encoder, const mgi_encoder_request *request,
                                   mgeo_error *error);
void mgi_torch_weights_free(mgi_encoder *encoder);

/* Bytes of a tensor in this form. */
uint64_t mgi_torch_weights_bytes(const mgi_tensor *tensor, mgt_form form);

#endif
