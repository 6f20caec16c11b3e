/* SPDX-License-Identifier: Apache-2.0 */
/* What a model will take of its cards' memory, and what is free there. */
#ifndef MGI_BACKEND_CUDA_ESTIMATE_H
#define MGI_BACKEND_CUDA_ESTIMATE_H

#include "backend/cuda/encoder.h"

/* From an encoder that mgi_cuda_resolve_request has filled. */
void mgi_cuda_estimate(const mgi_encoder *encoder, mgi_encoder_estimate *estimate);

/* As mgi_backend.available. */
mgeo_status mgi_cuda_estimate_available(const char *device, uint64_t *bytes, mgeo_error *error);

#endif
