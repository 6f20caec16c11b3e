/* SPDX-License-Identifier: Apache-2.0 */
/* The backend over CUDA: resolves requests, and opens an encoder with a replica on each card. */
#include "backend/backend.h"

#include "backend/cuda/arena.h"
#include "backend/cuda/autotune.h"
#include "backend/cuda/estimate.h"
#include "backend/cuda/lane.h"
#include "backend/cuda/qkv_attention.h"
#include "backend/cuda/resolve.h"
#include "backend/cuda/weights.h"
#include "backend/tensor.h"
#include "core/alloc.h"
#include "core/progress.h"

#include <cublasLt.h>
#include <stdio.h>
#include <string.h>

static bool serves(const char *device) { return device != NULL && mgi_cuda_device_is_name(device); }

static mgeo_status usable(const char *device, mgeo_error *error) {
    mgi_cuda_cards cards;
    mgeo_status status = mgi_cuda_device_find(device, &cards, error);
    return status == MGEO_OK ? mgi_succeed(error) : status;
}

/* A batch of at most this many tokens is faster whole than in parts on several lanes. */
static uint32_t min_split_tokens(const mgi_encoder *e) {
    enum { WHOLE = 8192 };
    return e->batch_tokens < WHOLE ? e->batch_tokens : WHOLE;
}

static mgeo_status predict(const mgi_encoder_request *request, unsigned cores,
                           mgi_encoder_estimate *estimate, mgeo_error *error) {
    (void)cores;
    mgi_encoder e = {0};
    mgeo_status status = mgi_cuda_resolve_request(request, &e, error);
    if (status != MGEO_OK) return status;
    mgi_cuda_estimate(&e, estimate);
    return mgi_succeed(error);
}

static void close_replica(mgi_cuda_replica *replica) {
    const int former = mgi_cuda_device_enter(&replica->card);
    mgi_cuda_autotune_destroy(replica->algorithms);
    cudaFree(replica->memory);
    cudaGetLastError(); /* of a device that has failed */
    mgi_cuda_device_leave(former);
    mgi_free(replica->layers);
}

static void close_encoder(mgi_encoder *e) {
    if (e == NULL) return;
    for (uint32_t i = 0; e->replicas != NULL && i < e->cards.count; i++) {
        if (e->replicas[i].layers != NULL) close_replica(&e->replicas[i]);
    }
    if (e->has_mutex) mgi_lock_finish(&e->mutex);
    mgi_free(e->replicas);
    mgi_free(e);
}

static mgeo_status fill_replica(mgi_encoder *e, mgi_cuda_replica *replica,
                                const mgi_encoder_request *request, mgeo_error *error) {
    int code = (int)cudaMalloc((void **)&replica->memory, mgi_cuda_arena_bytes(e));
    if (code != 0) {
        return mgi_cuda_device_fail(error, &replica->card, code, "allocating the model's memory");
    }
    mgi_cuda_arena_layout_weights(e, replica, replica->memory);
    mgeo_status status = mgi_cuda_weights_upload(e, replica, request, error);
    return status == MGEO_OK ? mgi_cuda_autotune_create(e, replica, error) : status;
}

static mgeo_status open_replica(mgi_encoder *e, uint32_t i, const mgi_encoder_request *request,
                                mgeo_error *error) {
    mgi_cuda_replica *replica = &e->replicas[i];
    replica->card = e->cards.card[i];
    replica->layers = mgi_calloc(e->spec.layers, sizeof *replica->layers);
    if (replica->layers == NULL) {
        return mgi_fail_memory(error, "the layers", e->spec.layers * sizeof *replica->layers);
    }
    const int former = mgi_cuda_device_enter(&replica->card);
    mgeo_status status = fill_replica(e, replica, request, error);
    mgi_cuda_device_leave(former);
    return status;
}

static bool all_have_qkv_attention(const mgi_encoder *e) {
    bool all = true;
    for (uint32_t i = 0; i < e->cards.count && all; i++) {
        const int former = mgi_cuda_device_enter(&e->replicas[i].card);
        all = mgi_cuda_qkv_attention_available(e, &e->replicas[i]);
        mgi_cuda_device_leave(former);
    }
    return all;
}

static mgeo_status fill_encoder(mgi_encoder *e, const mgi_encoder_request *request,
                                mgeo_error *error) {
    mgeo_status status = mgi_cuda_resolve_request(request, e, error);
    if (status != MGEO_OK) return status;
    e->has_mutex = mgi_lock_init(&e->mutex, MGI_LOCK_CUDA_ENCODER) == 0;
    if (!e->has_mutex) return mgi_fail(error, MGEO_E_MEMORY, "a mutex cannot be made");
    e->replicas = mgi_calloc(e->cards.count, sizeof *e->replicas);
    if (e->replicas == NULL) {
        return mgi_fail_memory(error, "the cards' copies", e->cards.count * sizeof *e->replicas);
    }
    mgi_progress_stage(request->progress, MGEO_STAGE_PLACING,
                       mgi_tensor_count(&e->spec) * e->cards.count);
    for (uint32_t i = 0; i < e->cards.count && status == MGEO_OK; i++) {
        status = open_replica(e, i, request, error);
    }
    if (status == MGEO_OK) e->tiled = all_have_qkv_attention(e);
    return status;
}

static mgeo_status open_encoder(const mgi_encoder_request *request, mgi_encoder **encoder,
                                mgeo_error *error) {
    *encoder = NULL;
    mgi_encoder *e = mgi_calloc(1, sizeof *e);
    if (e == NULL) return mgi_fail_memory(error, "an encoder", sizeof *e);
    mgeo_status status = fill_encoder(e, request, error);
    if (status != MGEO_OK) {
        close_encoder(e);
        return status;
    }
    *encoder = e;
    return mgi_succeed(error);
}

static void describe(const mgi_encoder *e, mgi_encoder_info *info) {
    int driver = 0;
    cudaDriverGetVersion(&driver);
    const size_t blas = cublasLtGetVersion();
    memset(info, 0, sizeof *info);
    info->precision = e->precision;
    info->batch_tokens = e->batch_tokens;
    info->lanes = MGI_CUDA_LANES_PER_CARD * e->cards.count;
    info->min_split_tokens = min_split_tokens(e);
    info->mixed_lengths = e->tiled;
    info->bytes_on_device = e->weight_bytes * e->cards.count;
    mgi_cuda_device_name(&e->cards, info->device, sizeof info->device);
    snprintf(info->library, sizeof info->library, "CUDA %d.%d, cuBLASLt %zu, %.40s",
             CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10, blas, e->cards.card[0].name);
}

const mgi_backend mgi_cuda_backend = {
    .name = "cuda",
    .serves = serves,
    .usable = usable,
    .predict = predict,
    .available = mgi_cuda_estimate_available,
    .open = open_encoder,
    .describe = describe,
    .close = close_encoder,
    .open_lane = mgi_cuda_lane_open,
    .run = mgi_cuda_lane_run,
    .close_lane = mgi_cuda_lane_close,
};
