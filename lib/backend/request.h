/* SPDX-License-Identifier: Apache-2.0 */
/* What a request for an encoder resolves to, and the checks that all devices make of it. */
#ifndef MGI_BACKEND_REQUEST_H
#define MGI_BACKEND_REQUEST_H

#include "backend/backend.h"

/* How many tokens of a batch a device takes. */
typedef struct mgi_request_batch {
    uint32_t preferred; /* where the request leaves the choice; raised to max_length */
    uint32_t most;
} mgi_request_batch;

/* Checks the request's shape, max_length and batch_tokens, and writes the tokens of a batch.
 * Errors: MGEO_E_ARGUMENT. */
mgeo_status mgi_request_resolve_batch(const mgi_encoder_request *request, mgi_request_batch batch,
                                      uint32_t *batch_tokens, mgeo_error *error);

/* The line for a model of a shape that the device cannot hold: MGEO_E_ARGUMENT. */
mgeo_status mgi_request_fail_shape(const mgi_encoder_spec *spec, mgeo_error *error);

/* Checks that the request's precision is an mgeo_precision. Errors: MGEO_E_ARGUMENT. */
mgeo_status mgi_request_check_precision(const mgi_encoder_request *request, mgeo_error *error);

#endif
