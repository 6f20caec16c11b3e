/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates a model's memory from the layout of its arena, and asks the cards what is free. */
#include "backend/cuda/estimate.h"

#include "backend/cuda/arena.h"
#include "backend/cuda/upload.h"

#include <string.h>

/* Pinned memory of the lanes. */
static uint64_t pinned_bytes(const mgi_encoder *e) {
    return mgi_cuda_upload_bytes_tiled(e->batch_tokens, e->batch_tokens, e->batch_tokens) +
           (uint64_t)e->batch_tokens * e->spec.labels * sizeof(float);
}

void mgi_cuda_estimate(const mgi_encoder *e, mgi_encoder_estimate *estimate) {
    const uint64_t cards = e->cards.count;
    *estimate = (mgi_encoder_estimate){
        .precision = e->precision,
        .batch_tokens = e->batch_tokens,
        .lanes = MGI_CUDA_LANES_PER_CARD * e->cards.count,
        .weights = e->weight_bytes * cards,
        .opening = mgi_cuda_arena_bytes(e) * cards,
        .lane = e->lane_bytes,
        .host_workspace = MGI_CUDA_LANES_PER_CARD * cards * pinned_bytes(e),
    };
    mgi_cuda_device_name(&e->cards, estimate->device, sizeof estimate->device);
}

/* Each card holds a replica: the card with the least free memory decides. */
mgeo_status mgi_cuda_estimate_available(const char *device, uint64_t *bytes, mgeo_error *error) {
    mgi_cuda_cards cards;
    mgeo_status status = mgi_cuda_device_find(device, &cards, error);
    uint64_t least = UINT64_MAX;
    *bytes = 0;
    for (uint32_t i = 0; i < cards.count && status == MGEO_OK; i++) {
        size_t empty = 0, all = 0;
        const int former = mgi_cuda_device_enter(&cards.card[i]);
        int code = (int)cudaMemGetInfo(&empty, &all);
        mgi_cuda_device_leave(former);
        if (code != 0) {
            status = mgi_cuda_device_fail(error, &cards.card[i], code, "asking for its memory");
        }
        if (empty < least) least = empty;
    }
    if (status == MGEO_OK) *bytes = least * cards.count;
    return status == MGEO_OK ? mgi_succeed(error) : status;
}
