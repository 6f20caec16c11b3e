/* SPDX-License-Identifier: Apache-2.0 */
/* What a model will take of memory. */
#ifndef MGI_BACKEND_TORCH_ESTIMATE_H
#define MGI_BACKEND_TORCH_ESTIMATE_H

#include "backend/torch/encoder.h"

/* As mgi_backend.predict, for an encoder whose sizes are resolved. */
void mgi_torch_estimate(const mgi_encoder *encoder, const mgi_weights *weights, unsigned cores,
                        mgi_encoder_estimate *estimate);

#endif
