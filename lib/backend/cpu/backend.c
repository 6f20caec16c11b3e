/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU backend, nothing but C below it: resolves requests, and hands them to the encoder. */
#include "backend/backend.h"

#include "backend/cpu/estimate.h"
#include "backend/cpu/forward.h"
#include "backend/cpu/kernels/dispatch.h"
#include "backend/cpu/loading.h"
#include "backend/cpu/workspace.h"
#include "backend/request.h"
#include "core/alloc.h"

#include <stdio.h>
#include <string.h>

enum { MAX_BATCH_TOKENS = 1 << 22 };

static bool serves(const char *device) { return device != NULL && strcmp(device, "cpu") == 0; }

static mgeo_status resolve_precision(const mgi_encoder_request *request, mgi_encoder *e,
                                     mgeo_error *error) {
    mgeo_status status = mgi_request_check_precision(request, error);
    if (status != MGEO_OK) return status;
    e->precision = request->precision;
    e->finish = e->gemm = mgk_dispatch_gemm(MGK_FP32);
    switch (request->precision) {
    case MGEO_PRECISION_AUTO: e->precision = MGEO_FP32; break;
    case MGEO_FP32: break;
    case MGEO_BF16: e->gemm = mgk_dispatch_gemm(MGK_BF16); break;
    case MGEO_INT8: e->gemm = mgk_dispatch_gemm(MGK_INT8); break;
    default:
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision %s is not supported on device \"cpu\": fp32, bf16 and int8 work "
                        "on a CPU",
                        mgeo_precision_name(request->precision));
    }
    return MGEO_OK;
}

/* Small batches stay in the cache, large ones read the weights less often: AMX, being so much
 * faster than the memory, wants the latter. Measured with benchmarks/encoder_bench.c. */
static bool has_tiles(const mgi_encoder *e) { return e->gemm->enter != NULL; }
static uint32_t preferred_batch(const mgi_encoder *e) { return has_tiles(e) ? 384 : 256; }
static uint32_t preferred_wide_rows(const mgi_encoder *e) { return has_tiles(e) ? 256 : 96; }

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

static mgeo_status resolve_sizes(const mgi_encoder_request *request, mgi_encoder *e,
                                 mgeo_error *error) {
    const mgi_encoder_spec *spec = request->spec;
    const mgi_request_batch batch = {.preferred = preferred_batch(e), .most = MAX_BATCH_TOKENS};
    mgeo_status status = mgi_request_resolve_batch(request, batch, &e->batch_tokens, error);
    if (status != MGEO_OK) return status;
    e->max_length = request->max_length;
    e->wide_rows = smaller(preferred_wide_rows(e), e->batch_tokens);
    if (e->gemm->kind == MGK_INT8 && (spec->hidden > MGK_GEMM_MAX_INT8_INPUTS ||
                                      spec->intermediate > MGK_GEMM_MAX_INT8_INPUTS)) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "int8 products of more than %d inputs are not supported: load with fp32 or "
                        "bf16",
                        MGK_GEMM_MAX_INT8_INPUTS);
    }
    if (mgk_kernels_attention_scratch(e->max_length, spec->hidden / spec->heads) == 0) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "attention over %u tokens of %u numbers is too large", e->max_length,
                        spec->hidden / spec->heads);
    }
    return MGEO_OK;
}

static void close_encoder(mgi_encoder *e) {
    if (e == NULL) return;
    mgi_cpu_loading_free(e);
    mgi_free(e);
}

/* Checks the request; what it leaves open is chosen. Nothing is allocated. */
static mgeo_status resolve_request(const mgi_encoder_request *request, mgi_encoder *e,
                                   mgeo_error *error) {
    if (!serves(request->device)) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "this backend computes on device \"cpu\" only, "
                        "not on \"%s\"",
                        request->device != NULL ? request->device : "");
    }
    if (request->allow_tf32) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "allow_tf32 is for fp32 on a CUDA device, not for device \"cpu\"");
    }
    e->spec = *request->spec;
    e->kernels = mgk_dispatch_kernels();
    mgeo_status status = resolve_precision(request, e, error);
    return status == MGEO_OK ? resolve_sizes(request, e, error) : status;
}

static mgeo_status predict(const mgi_encoder_request *request, unsigned cores,
                           mgi_encoder_estimate *estimate, mgeo_error *error) {
    mgi_encoder e = {0};
    mgeo_status status = resolve_request(request, &e, error);
    if (status == MGEO_OK) status = mgi_cpu_estimate(&e, request->weights, cores, estimate, error);
    return status == MGEO_OK ? mgi_succeed(error) : status;
}

static mgeo_status open_encoder(const mgi_encoder_request *request, mgi_encoder **encoder,
                                mgeo_error *error) {
    *encoder = NULL;
    mgi_encoder *e = mgi_calloc(1, sizeof *e);
    if (e == NULL) return mgi_fail_memory(error, "an encoder", sizeof *e);
    mgeo_status status = resolve_request(request, e, error);
    if (status == MGEO_OK) status = mgi_cpu_loading_run(e, request, error);
    if (status != MGEO_OK) {
        close_encoder(e);
        return status;
    }
    *encoder = e;
    return mgi_succeed(error);
}

static void describe(const mgi_encoder *e, mgi_encoder_info *info) {
    memset(info, 0, sizeof *info);
    info->precision = e->precision;
    info->batch_tokens = e->batch_tokens;
    info->bytes_on_device = e->bytes;
    info->on_cpu = true;
    snprintf(info->device, sizeof info->device, "cpu");
    /* Which instructions run is said, as their speeds are far apart. */
    snprintf(info->library, sizeof info->library, "native, %s on %s",
             mgeo_precision_name(e->precision), e->gemm->name);
}

static mgeo_status open_lane(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error) {
    *lane = mgi_calloc(1, sizeof **lane);
    if (*lane == NULL) return mgi_fail_memory(error, "a lane", sizeof **lane);
    mgeo_status status = mgi_cpu_workspace_open(*lane, encoder, error);
    if (status == MGEO_OK) return mgi_succeed(error);
    mgi_cpu_workspace_close(*lane);
    mgi_free(*lane);
    *lane = NULL;
    return status;
}

static void close_lane(mgi_lane *lane) {
    if (lane == NULL) return;
    mgi_cpu_workspace_close(lane);
    mgi_free(lane);
}

const mgi_backend mgi_cpu_backend = {
    .name = "cpu",
    .serves = serves,
    .predict = predict,
    .open = open_encoder,
    .describe = describe,
    .close = close_encoder,
    .open_lane = open_lane,
    .run = mgi_cpu_forward_run,
    .close_lane = close_lane,
};
