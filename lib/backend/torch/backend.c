/* SPDX-License-Identifier: Apache-2.0 */
/* The backend over libtorch: resolves requests, and hands them to the encoder. */
#include "backend/backend.h"

#include "backend/cpu/kernels/dispatch.h"
#include "backend/request.h"
#include "backend/torch/blas.h"
#include "backend/torch/estimate.h"
#include "backend/torch/forward.h"
#include "backend/torch/weights.h"
#include "core/alloc.h"
#include "core/process.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { BATCH_TOKENS = 256, MAX_BATCH_TOKENS = 1 << 22 };

static bool serves(const char *device) { return device != NULL && strcmp(device, "torch") == 0; }

/* ---- forks ---- */

/* 1 + the process's token when an encoder was first opened; 0: none has been. */
static atomic_uint_fast64_t first_used;

/* OpenMP's threads are the parent's alone, and a child that has to do with them waits for ever. */
static mgeo_status usable(const char *device, mgeo_error *error) {
    (void)device;
    const uint64_t used = atomic_load(&first_used);
    if (used == 0 || used == 1 + mgi_process_token()) return mgi_succeed(error);
    return mgi_fail(error, MGEO_E_DEVICE,
                    "device \"torch\" was used by the process that this one was forked from, and "
                    "libtorch's threads are still there: load with device \"cpu\", or use "
                    "\"torch\" after the fork alone");
}

static void note_use(void) {
    uint_fast64_t unused = 0;
    atomic_compare_exchange_strong(&first_used, &unused, 1 + mgi_process_token());
}

/* ---- requests ---- */

static mgeo_status resolve_precision(const mgi_encoder_request *request, mgi_encoder *e,
                                     mgeo_error *error) {
    mgeo_status status = mgi_request_check_precision(request, error);
    if (status != MGEO_OK) return status;
    e->precision = request->precision;
    switch (request->precision) {
    case MGEO_PRECISION_AUTO: e->precision = MGEO_FP32; /* fall through */
    case MGEO_FP32: e->form = MGT_FP32; break;
    case MGEO_BF16: e->form = MGT_BF16; break;
    case MGEO_INT8: e->form = MGT_INT8; break;
    default:
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision %s is not supported on device \"torch\": fp32, bf16 and int8 "
                        "are",
                        mgeo_precision_name(request->precision));
    }
    return MGEO_OK;
}

/* Checks the request; what it leaves open is chosen. Nothing is allocated. */
static mgeo_status resolve_request(const mgi_encoder_request *request, mgi_encoder *e,
                                   mgeo_error *error) {
    const mgi_request_batch batch = {.preferred = BATCH_TOKENS, .most = MAX_BATCH_TOKENS};
    mgeo_status status = usable(request->device, error);
    if (status != MGEO_OK) return status;
    if (request->allow_tf32) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "allow_tf32 is for fp32 on a CUDA device, not for device \"torch\"");
    }
    e->spec = *request->spec;
    e->max_length = request->max_length;
    status = resolve_precision(request, e, error);
    if (status != MGEO_OK) return status;
    return mgi_request_resolve_batch(request, batch, &e->batch_tokens, error);
}

static mgeo_status predict(const mgi_encoder_request *request, unsigned cores,
                           mgi_encoder_estimate *estimate, mgeo_error *error) {
    mgi_encoder e = {0};
    mgeo_status status = resolve_request(request, &e, error);
    if (status != MGEO_OK) return status;
    mgi_torch_estimate(&e, request->weights, cores, estimate);
    return mgi_succeed(error);
}

/* ---- encoders and lanes ---- */

static void close_encoder(mgi_encoder *e) {
    if (e == NULL) return;
    mgi_torch_weights_free(e);
    mgi_free(e);
}

static mgeo_status open_encoder(const mgi_encoder_request *request, mgi_encoder **encoder,
                                mgeo_error *error) {
    *encoder = NULL;
    mgi_encoder *e = mgi_calloc(1, sizeof *e);
    if (e == NULL) return mgi_fail_memory(error, "an encoder", sizeof *e);
    mgeo_status status = resolve_request(request, e, error);
    if (status == MGEO_OK) {
        note_use();
        status = mgi_torch_weights_load(e, request, error);
    }
    if (status != MGEO_OK) {
        close_encoder(e);
        return status;
    }
    *encoder = e;
    return mgi_succeed(error);
}

static void describe(const mgi_encoder *e, mgi_encoder_info *info) {
    char torch[40], blas[40];
    memset(info, 0, sizeof *info);
    info->precision = e->precision;
    info->batch_tokens = e->batch_tokens;
    info->bytes_on_device = e->bytes;
    info->on_cpu = true;
    mgt_version(torch, sizeof torch);
    mgi_torch_blas_describe(blas, sizeof blas, info->warning, sizeof info->warning);
    snprintf(info->device, sizeof info->device, "torch");
    snprintf(info->library, sizeof info->library, "%s, %s", torch, blas);
}

static void close_lane(mgi_lane *lane) {
    if (lane == NULL) return;
    mgt_scope_destroy(lane->scope);
    mgi_free(lane);
}

static mgeo_status open_lane(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error) {
    mgi_lane *opened = mgi_calloc(1, sizeof *opened);
    *lane = opened;
    if (opened == NULL) return mgi_fail_memory(error, "a lane", sizeof *opened);
    opened->encoder = encoder;
    opened->scope = mgt_scope_create();
    if (opened->scope != NULL) return mgi_succeed(error);
    close_lane(opened);
    *lane = NULL;
    return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a lane's scope");
}

const mgi_backend mgi_torch_backend = {
    .name = "torch",
    .serves = serves,
    .usable = usable,
    .predict = predict,
    .open = open_encoder,
    .describe = describe,
    .close = close_encoder,
    .open_lane = open_lane,
    .run = mgi_torch_forward_run,
    .close_lane = close_lane,
};
