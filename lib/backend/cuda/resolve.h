/* SPDX-License-Identifier: Apache-2.0 */
/* What a request resolves to on its cards: their precision, the numbers, the sizes. */
#ifndef MGI_BACKEND_CUDA_RESOLVE_H
#define MGI_BACKEND_CUDA_RESOLVE_H

#include "backend/cuda/encoder.h"

/* Fills a zeroed encoder's spec, cards, precision, dtypes and sizes. Nothing is touched on the
 * device. Errors: MGEO_E_DEVICE, MGEO_E_ARGUMENT, MGEO_E_UNSUPPORTED. */
mgeo_status mgi_cuda_resolve_request(const mgi_encoder_request *request, mgi_encoder *encoder,
                                     mgeo_error *error);

#endif
