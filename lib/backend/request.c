/* SPDX-License-Identifier: Apache-2.0 */
/* Resolves requests: the sizes of a batch, and the error lines that all devices share. */
#include "backend/request.h"

#include "core/names.h"

mgeo_status mgi_request_fail_shape(const mgi_encoder_spec *spec, mgeo_error *error) {
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "a model of %u layers, %u hidden, %u heads, %u intermediate and %u labels "
                    "cannot be placed",
                    spec->layers, spec->hidden, spec->heads, spec->intermediate, spec->labels);
}

mgeo_status mgi_request_check_precision(const mgi_encoder_request *request, mgeo_error *error) {
    if (mgi_names_has_precision(request->precision)) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT, "%d is not an mgeo_precision", request->precision);
}

static bool has_shape(const mgi_encoder_spec *spec) {
    return spec->layers > 0 && spec->hidden > 0 && spec->heads > 0 && spec->labels > 0 &&
           spec->intermediate > 0 && spec->hidden % spec->heads == 0;
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

mgeo_status mgi_request_resolve_batch(const mgi_encoder_request *request, mgi_request_batch batch,
                                      uint32_t *batch_tokens, mgeo_error *error) {
    const mgi_encoder_spec *spec = request->spec;
    if (!has_shape(spec)) return mgi_request_fail_shape(spec, error);
    if (request->max_length < 1 || request->max_length > spec->positions) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "max_length %u is not within 1..%u, the model's positions",
                        request->max_length, spec->positions);
    }
    *batch_tokens = request->batch_tokens != 0 ? request->batch_tokens
                                               : larger(batch.preferred, request->max_length);
    if (*batch_tokens < request->max_length || *batch_tokens > batch.most) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "batch_tokens %u is not within %u (max_length) ..%u", *batch_tokens,
                        request->max_length, batch.most);
    }
    return MGEO_OK;
}
