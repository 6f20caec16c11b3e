/* SPDX-License-Identifier: Apache-2.0 */
/* The backend over libtorch: checks requests, and hands what holds to the encoder. */
#include "backend/torch/blas.h"
#include "backend/torch/forward.h"

#include "core/alloc.h"

#include <stdio.h>
#include <string.h>

enum { MAX_BATCH_TOKENS = 1 << 22 };

static const char works_here[] = "fp32, bf16 and int8 work on a CPU";

static bool serves(const char *device) { return device && strcmp(device, "cpu") == 0; }

static mgeo_status choose_precision(const mgi_encoder_request *request, mgi_encoder *e,
                                    mgeo_error *error) {
    e->precision = request->precision;
    switch (request->precision) {
    case MGEO_PRECISION_AUTO: e->precision = MGEO_FP32; break;
    case MGEO_FP32: break;
    case MGEO_BF16: e->form = MGK_BF16; break;
    case MGEO_INT8: e->form = e->int8->form; break;
    case MGEO_FP16:
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision fp16 is not supported on device "
                        "\"cpu\": %s",
                        works_here);
    case MGEO_FP8:
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision fp8 is not supported on device "
                        "\"cpu\": %s",
                        works_here);
    default:
        return mgi_fail(error, MGEO_E_ARGUMENT, "%d is not an mgeo_precision", request->precision);
    }
    return MGEO_OK;
}

/* Small batches stay in the cache; two-byte and one-byte products, being faster, need more rows to
 * hide what surrounds them. Measured with benchmarks/encoder_bench.c. */
static uint32_t best_batch(const mgi_encoder *e) {
    uint32_t best = e->form == MGK_FP32 ? 256 : 384;
    return best < e->max_length ? e->max_length : best;
}

static mgeo_status choose_sizes(const mgi_encoder_request *request, mgi_encoder *e,
                                mgeo_error *error) {
    const mgi_encoder_spec *spec = request->spec;
    if (spec->layers < 1 || spec->hidden < 1 || spec->heads < 1 || spec->labels < 1 ||
        spec->intermediate < 1 || spec->hidden % spec->heads != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "a model of %u layers, %u hidden, %u heads, %u "
                        "intermediate and %u labels cannot be placed",
                        spec->layers, spec->hidden, spec->heads, spec->intermediate, spec->labels);
    }
    if (request->max_length < 1 || request->max_length > spec->positions) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "max_length %u is not within 1..%u, the model's "
                        "positions",
                        request->max_length, spec->positions);
    }
    e->max_length = request->max_length;
    e->batch_tokens = request->batch_tokens ? request->batch_tokens : best_batch(e);
    if (e->batch_tokens < e->max_length || e->batch_tokens > MAX_BATCH_TOKENS) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "batch_tokens %u is not within %u (max_length) "
                        "..%d",
                        e->batch_tokens, e->max_length, MAX_BATCH_TOKENS);
    }
    if (mgk_kernels_is_quantised(e->form) &&
        (spec->hidden > MGK_INT8_MAX_INPUTS || spec->intermediate > MGK_INT8_MAX_INPUTS)) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "int8 products of more than %d inputs are not supported: load with fp32 or "
                        "bf16",
                        MGK_INT8_MAX_INPUTS);
    }
    if (!mgk_kernels_attention_scratch(e->max_length, spec->hidden / spec->heads)) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "attention over %u tokens of %u numbers is too "
                        "large",
                        e->max_length, spec->hidden / spec->heads);
    }
    return MGEO_OK;
}

static void close_encoder(mgi_encoder *e) {
    if (!e) return;
    mgi_torch_weights_free(e);
    mgi_free(e);
}

/* Precision and sizes, of a request that holds. */
static mgeo_status settle(const mgi_encoder_request *request, mgi_encoder *e, mgeo_error *error) {
    if (!serves(request->device)) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "this build computes on device \"cpu\" only, "
                        "not on \"%s\"",
                        request->device ? request->device : "");
    }
    if (request->allow_tf32) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "allow_tf32 is for fp32 on a CUDA device, not for device \"cpu\"");
    }
    e->spec = *request->spec;
    e->kernels = mgk_dispatch_kernels();
    e->int8 = mgk_dispatch_int8();
    mgeo_status status = choose_precision(request, e, error);
    return status == MGEO_OK ? choose_sizes(request, e, error) : status;
}

static mgeo_status predict(const mgi_encoder_request *request, unsigned cores,
                           mgi_encoder_estimate *needs, mgeo_error *error) {
    mgi_encoder e = {0};
    mgeo_status status = settle(request, &e, error);
    if (status != MGEO_OK) return status;
    mgi_torch_estimate(&e, request->weights, cores, needs);
    return mgi_succeed(error);
}

static mgeo_status open_encoder(const mgi_encoder_request *request, mgi_encoder **encoder,
                                mgeo_error *error) {
    *encoder = NULL;
    mgi_encoder *e = mgi_calloc(1, sizeof *e);
    if (!e) return mgi_fail_memory(error, "an encoder", sizeof *e);
    mgeo_status status = settle(request, e, error);
    if (status == MGEO_OK) status = mgi_torch_weights_load(e, request, error);
    if (status != MGEO_OK) {
        close_encoder(e);
        return status;
    }
    *encoder = e;
    return mgi_succeed(error);
}

/* Without oneDNN's programs bf16 products are made number by number: tens of times slower. */
static void warn_of_slow_bf16(const mgi_encoder *e, mgi_encoder_info *info) {
    if (e->form != MGK_BF16 || mgt_program_bytes() != 0 || info->warning[0] != '\0') return;
    snprintf(info->warning, sizeof info->warning,
             "bf16 products are slow on this processor, which has no AVX-512: fp32 is many times "
             "faster here");
}

static void describe(const mgi_encoder *e, mgi_encoder_info *info) {
    char torch[40], blas[40];
    memset(info, 0, sizeof *info);
    info->precision = e->precision;
    info->batch_tokens = e->batch_tokens;
    info->bytes_on_device = e->bytes;
    info->keeps_weights = e->keeps_weights;
    info->on_cpu = true;
    mgt_version(torch, sizeof torch);
    mgi_torch_blas_describe(blas, sizeof blas, info->warning, sizeof info->warning);
    warn_of_slow_bf16(e, info);
    snprintf(info->device, sizeof info->device, "cpu");
    if (mgk_kernels_is_quantised(
            e->form)) { /* which of the products, as their speeds are far apart */
        snprintf(info->library, sizeof info->library, "%s, %s, int8 on %s", torch, blas,
                 e->int8->name);
    } else {
        snprintf(info->library, sizeof info->library, "%s, %s", torch, blas);
    }
}

static mgeo_status open_lane(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error) {
    *lane = mgi_calloc(1, sizeof **lane);
    if (!*lane) return mgi_fail_memory(error, "a lane", sizeof **lane);
    mgeo_status status = mgi_torch_workspace_open(*lane, encoder, error);
    if (status == MGEO_OK) return mgi_succeed(error);
    mgi_torch_workspace_close(*lane);
    mgi_free(*lane);
    *lane = NULL;
    return status;
}

static void close_lane(mgi_lane *lane) {
    if (!lane) return;
    mgi_torch_workspace_close(lane);
    mgi_free(lane);
}

const mgi_backend mgi_torch_backend = {
    .name = "torch",
    .serves = serves,
    .predict = predict,
    .open = open_encoder,
    .describe = describe,
    .close = close_encoder,
    .open_lane = open_lane,
    .run = mgi_torch_forward_run,
    .close_lane = close_lane,
};
