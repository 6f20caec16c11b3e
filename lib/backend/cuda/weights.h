/* SPDX-License-Identifier: Apache-2.0 */
/* A model's weights on their way into a card's arena. */
#ifndef MGI_BACKEND_CUDA_WEIGHTS_H
#define MGI_BACKEND_CUDA_WEIGHTS_H

#include "backend/cuda/encoder.h"

/* Converts the request's tensors and uploads them to where the replica's pointers say, through
 * staging behind the weights. The replica's card is current. Errors: MGEO_E_MEMORY, MGEO_E_DEVICE,
 * MGEO_E_CANCELLED, MGEO_E_UNSUPPORTED. */
mgeo_status mgi_cuda_weights_upload(mgi_encoder *encoder, mgi_cuda_replica *replica,
                                    const mgi_encoder_request *request, mgeo_error *error);

#endif
