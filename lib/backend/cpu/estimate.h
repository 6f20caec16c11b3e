/* SPDX-License-Identifier: Apache-2.0 */
/* What a model will take of memory. */
#ifndef MGI_BACKEND_CPU_ESTIMATE_H
#define MGI_BACKEND_CPU_ESTIMATE_H

#include "backend/cpu/encoder.h"

/* What loading the weights and running lanes on `cores` cores would take. The encoder's precision
 * and sizes are resolved, and none of its weights is loaded. Errors: MGEO_E_ARGUMENT, for sizes
 * that no memory holds. */
mgeo_status mgi_cpu_estimate(mgi_encoder *encoder, const mgi_weights *weights, unsigned cores,
                             mgi_encoder_estimate *estimate, mgeo_error *error);

#endif
