/* SPDX-License-Identifier: Apache-2.0 */
/* A lane: a stream, its part of the arena, and the pinned memory through which batches come and
 * logits go. */
#include "backend/cuda/lane.h"

#include "backend/cuda/forward.h"
#include "backend/cuda/graph.h"
#include "backend/cuda/tile_packing.h"
#include "backend/cuda/upload.h"
#include "core/alloc.h"

#include <stdatomic.h>
#include <string.h>

struct mgi_lane {
    mgi_encoder *encoder;
    mgi_cuda_replica *replica;
    int slot;     /* among the replica's lanes; -1: memory of its own */
    char *memory; /* that, or NULL */
    mgi_cuda_buffers buffers;
    cudaStream_t stream;
    cudaEvent_t finished; /* waiting for it sleeps */
    char *upload;         /* pinned, as are the next two */
    float *logits;
    uint32_t *flags; /* mark, done */
    uint32_t *order; /* rows as they were sent: the batch's row of each */
    mgi_cuda_gemm_plans *plans;
    mgk_qkv_attention_plan *qkv_plans; /* or NULL */
    mgi_cuda_graph_set *graphs;
};

enum { MARK, DONE, FLAGS };

/* ---- life ---- */

/* One of the lane slots in the replica's arena, or -1. Cards take turns. */
static void take_slot(mgi_encoder *e, mgi_lane *lane) {
    mgi_lock_acquire(&e->mutex);
    lane->replica = &e->replicas[e->next_replica];
    e->next_replica = (e->next_replica + 1) % e->cards.count;
    lane->slot = -1;
    for (int i = 0; i < MGI_CUDA_LANES_PER_CARD && lane->slot < 0; i++) {
        if ((lane->replica->lanes_taken & 1u << i) == 0) lane->slot = i;
    }
    if (lane->slot >= 0) lane->replica->lanes_taken |= 1u << lane->slot;
    mgi_lock_release(&e->mutex);
}

static void give_slot(mgi_lane *lane) {
    if (lane->replica == NULL || lane->slot < 0) return;
    mgi_lock_acquire(&lane->encoder->mutex);
    lane->replica->lanes_taken &= ~(1u << lane->slot);
    mgi_lock_release(&lane->encoder->mutex);
}

static int take_memory(mgi_lane *lane) {
    const mgi_encoder *e = lane->encoder;
    char *memory;
    if (lane->slot >= 0) {
        memory = lane->replica->memory + e->weight_bytes + (uint64_t)lane->slot * e->lane_bytes;
    } else {
        cudaError_t code = cudaMalloc((void **)&lane->memory, e->lane_bytes);
        if (code != cudaSuccess) return (int)code;
        memory = lane->memory;
    }
    mgi_cuda_arena_layout_lane(e, &lane->buffers, memory);
    /* Kernels read a few rows behind the last one; nothing comes of them. */
    return (int)cudaMemsetAsync(memory, 0, e->lane_bytes, lane->stream);
}

static int take_pinned(mgi_lane *lane) {
    const mgi_encoder *e = lane->encoder;
    /* The graph of a single row reads tokens up to its own bound, which may lie behind the last. */
    const size_t upload = mgi_cuda_upload_bytes_tiled(
        e->batch_tokens, e->batch_tokens + MGI_CUDA_GRAPH_SINGLE_ROW_STEP, e->batch_tokens);
    const size_t logits = (size_t)e->batch_tokens * e->spec.labels * sizeof(float);
    cudaError_t code = cudaHostAlloc((void **)&lane->upload, upload, cudaHostAllocPortable);
    if (code == cudaSuccess) {
        code = cudaHostAlloc((void **)&lane->logits, logits, cudaHostAllocPortable);
    }
    if (code == cudaSuccess) {
        code = cudaHostAlloc((void **)&lane->flags, FLAGS * sizeof *lane->flags,
                             cudaHostAllocPortable);
    }
    if (code != cudaSuccess) return (int)code;
    memset(lane->upload, 0, upload);
    memset(lane->flags, 0, FLAGS * sizeof *lane->flags);
    return 0;
}

static mgi_cuda_forward_pass pass_of(const mgi_lane *lane) {
    return (mgi_cuda_forward_pass){
        .encoder = lane->encoder,
        .replica = lane->replica,
        .buffers = &lane->buffers,
        .plans = lane->plans,
        .batch = {.sizes = lane->buffers.sizes, .offsets = lane->buffers.offsets},
        .logits = lane->logits,
        .stream = lane->stream};
}

static mgeo_status capture(mgi_lane *lane, mgeo_error *error) {
    mgi_cuda_forward_pass pass = pass_of(lane);
    pass.upload = (const uint32_t *)(const void *)lane->upload;
    pass.mark = &lane->flags[MARK];
    pass.done = &lane->flags[DONE];
    return mgi_cuda_graph_set_create(&pass, &lane->graphs, error);
}

static mgeo_status fill_lane(mgi_lane *lane, mgeo_error *error) {
    const mgi_cuda_card *card = &lane->replica->card;
    int code = (int)cudaStreamCreateWithFlags(&lane->stream, cudaStreamNonBlocking);
    if (code == 0) {
        code = (int)cudaEventCreateWithFlags(&lane->finished,
                                             cudaEventBlockingSync | cudaEventDisableTiming);
    }
    if (code == 0) code = take_memory(lane);
    if (code == 0) code = take_pinned(lane);
    if (code == 0) code = (int)cudaStreamSynchronize(lane->stream);
    if (code != 0) return mgi_cuda_device_fail(error, card, code, "opening a lane");
    lane->order = mgi_calloc(lane->encoder->batch_tokens, sizeof *lane->order);
    if (lane->order == NULL) {
        return mgi_fail_memory(error, "an order of rows",
                               lane->encoder->batch_tokens * sizeof *lane->order);
    }
    mgeo_status status = mgi_cuda_gemm_plans_create(lane->encoder, lane->replica, &lane->buffers,
                                                    &lane->plans, error);
    if (status == MGEO_OK) {
        status = mgi_cuda_qkv_attention_create(lane->encoder, lane->replica, &lane->buffers,
                                               &lane->qkv_plans, error);
    }
    return status == MGEO_OK ? capture(lane, error) : status;
}

static void empty_lane(mgi_lane *lane) {
    if (lane->stream != NULL) cudaStreamSynchronize(lane->stream);
    mgi_cuda_graph_set_destroy(lane->graphs);
    mgi_cuda_gemm_plans_destroy(lane->plans);
    if (lane->finished != NULL) cudaEventDestroy(lane->finished);
    if (lane->stream != NULL) cudaStreamDestroy(lane->stream);
    cudaFreeHost(lane->flags);
    cudaFreeHost(lane->logits);
    cudaFreeHost(lane->upload);
    cudaFree(lane->memory);
    mgi_free(lane->qkv_plans);
    mgi_free(lane->order);
    cudaGetLastError(); /* of a device that has failed */
}

static mgeo_status open_on_next_card(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error) {
    mgi_lane *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a lane", sizeof *made);
    made->encoder = encoder;
    take_slot(encoder, made);
    const int former = mgi_cuda_device_enter(&made->replica->card);
    mgeo_status status = fill_lane(made, error);
    mgi_cuda_device_leave(former);
    if (status == MGEO_OK) {
        *lane = made;
    } else {
        mgi_cuda_lane_close(made);
    }
    return status;
}

mgeo_status mgi_cuda_lane_open(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error) {
    mgeo_status status = MGEO_E_DEVICE;
    *lane = NULL;
    /* A card that has failed is passed over while another one works. */
    for (uint32_t i = 0; i < encoder->cards.count && status == MGEO_E_DEVICE; i++) {
        status = open_on_next_card(encoder, lane, error);
    }
    return status == MGEO_OK ? mgi_succeed(error) : status;
}

void mgi_cuda_lane_close(mgi_lane *lane) {
    if (lane == NULL) return;
    const int former = mgi_cuda_device_enter(&lane->replica->card);
    empty_lane(lane);
    mgi_cuda_device_leave(former);
    give_slot(lane);
    mgi_free(lane);
}

/* ---- a batch ---- */

/* Its tokens, from the first place on; returns how many. */
static uint32_t pack_row(const mgi_batch *batch, uint32_t row, mgk_cuda_token *tokens) {
    const uint32_t first = batch->offsets[row], length = batch->offsets[row + 1] - first;
    for (uint32_t i = 0; i < length; i++) {
        tokens[i] = (mgk_cuda_token){batch->ids[first + i], (uint16_t)i, batch->types[first + i]};
    }
    return length;
}

/* Returns the bytes to send. `bound`: the rows for which there is room before the tokens. */
static size_t pack(mgi_lane *lane, const mgi_batch *batch, uint32_t bound, const uint32_t *order) {
    uint32_t *words = (uint32_t *)(void *)lane->upload, *offsets = words + MGK_CUDA_UPLOAD_OFFSETS;
    mgk_cuda_token *tokens =
        (mgk_cuda_token *)(void *)(lane->upload + mgi_cuda_upload_tokens(bound));
    words[0] = batch->rows;
    words[1] = batch->tokens;
    offsets[0] = 0;
    for (uint32_t i = 0; i < batch->rows; i++) {
        offsets[i + 1] =
            offsets[i] + pack_row(batch, order != NULL ? order[i] : i, tokens + offsets[i]);
    }
    return mgi_cuda_upload_bytes(bound, batch->tokens);
}

static void pause_a_moment(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* The card writes the mark when all logits are there: that is seen sooner than its driver says so.
 * Now and then the driver is asked all the same, for a card that fails writes nothing. */
static int wait_for_mark(mgi_lane *lane, uint32_t mark) {
    enum { LOOKS = 4096 };
    const _Atomic uint32_t *done = (const _Atomic uint32_t *)(const void *)&lane->flags[DONE];
    for (;;) {
        for (int i = 0; i < LOOKS; i++) {
            if (atomic_load_explicit(done, memory_order_acquire) == mark) return 0;
            pause_a_moment();
        }
        cudaError_t code = cudaStreamQuery(lane->stream);
        if (code == cudaErrorNotReady) continue;
        if (code != cudaSuccess) return (int)code;
        /* All is done, so the mark is there too. */
        const bool marked = atomic_load_explicit(done, memory_order_acquire) == mark;
        return marked ? 0 : (int)cudaErrorUnknown;
    }
}

static int run_graph(mgi_lane *lane, cudaGraphExec_t graph, const mgi_batch *batch,
                     uint32_t bound) {
    pack(lane, batch, bound, NULL);
    const uint32_t mark = ++lane->flags[MARK];
    cudaError_t code = cudaGraphLaunch(graph, lane->stream);
    return code == cudaSuccess ? wait_for_mark(lane, mark) : (int)code;
}

/* Cuts a large batch into tiles, where there is a kernel for them. Returns how many; 0: none. */
static uint32_t cut(mgi_lane *lane, const mgi_batch *batch) {
    enum { LEAST = 1024 };
    if (batch->tokens < LEAST || lane->qkv_plans == NULL) return 0;
    char *bounds = lane->upload + mgi_cuda_upload_bounds(batch->rows, batch->tokens);
    char *tiles = lane->upload + mgi_cuda_upload_tiles(batch->rows, batch->tokens);
    return mgi_cuda_tile_packing_cut(batch, lane->order, (mgk_qkv_tile *)(void *)tiles,
                                     (mgk_qkv_bounds *)(void *)bounds);
}

static mgi_cuda_tiling tiling_of(const mgi_lane *lane, const mgi_batch *batch, uint32_t tiles) {
    const char *bounds = lane->buffers.upload + mgi_cuda_upload_bounds(batch->rows, batch->tokens);
    const char *first = lane->buffers.upload + mgi_cuda_upload_tiles(batch->rows, batch->tokens);
    return (mgi_cuda_tiling){.plans = lane->qkv_plans,
                             .tiles = (const mgk_qkv_tile *)(const void *)first,
                             .bounds = (const mgk_qkv_bounds *)(const void *)bounds,
                             .count = tiles};
}

static int run_launches(mgi_lane *lane, const mgi_batch *batch, bool *ordered) {
    const uint32_t tiles = cut(lane, batch);
    *ordered = tiles != 0;
    size_t bytes = pack(lane, batch, batch->rows, tiles ? lane->order : NULL);
    mgi_cuda_forward_pass pass = pass_of(lane);
    pass.tiling = tiling_of(lane, batch, tiles);
    if (tiles != 0) bytes = mgi_cuda_upload_bytes_tiled(batch->rows, batch->tokens, tiles);
    pass.batch.rows = batch->rows;
    pass.batch.tokens = batch->tokens;
    pass.batch.stable = true; /* they are copied before any kernel begins */
    pass.batch.longest =      /* the last row's */
        batch->offsets[batch->rows] - batch->offsets[batch->rows - 1];
    pass.batch.sizes = (const uint32_t *)(const void *)lane->buffers.upload;
    pass.batch.offsets = pass.batch.sizes + MGK_CUDA_UPLOAD_OFFSETS;
    pass.tokens = (const mgk_cuda_token *)(const void *)(lane->buffers.upload +
                                                         mgi_cuda_upload_tokens(batch->rows));
    int code = (int)cudaMemcpyAsync(lane->buffers.upload, lane->upload, bytes,
                                    cudaMemcpyHostToDevice, lane->stream);
    if (code == 0) code = mgi_cuda_forward_run(&pass);
    if (code == 0) code = (int)cudaEventRecord(lane->finished, lane->stream);
    if (code == 0) return (int)cudaEventSynchronize(lane->finished);
    cudaStreamSynchronize(lane->stream); /* what was launched still reads the upload */
    return code;
}

static void deliver(const mgi_lane *lane, const mgi_batch *batch, const uint32_t *order,
                    float *logits) {
    const size_t labels = lane->encoder->spec.labels, bytes = labels * sizeof *logits;
    if (order == NULL) memcpy(logits, lane->logits, batch->rows * bytes);
    for (uint32_t i = 0; order != NULL && i < batch->rows; i++) {
        memcpy(logits + order[i] * labels, lane->logits + i * labels, bytes);
    }
}

mgeo_status mgi_cuda_lane_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team, float *logits,
                              mgeo_error *error) {
    (void)team;
    uint32_t bound;
    const int former = mgi_cuda_device_enter(&lane->replica->card);
    cudaGraphExec_t graph =
        mgi_cuda_graph_set_find(lane->graphs, batch->rows, batch->tokens, &bound);
    bool ordered = false;
    int code =
        graph != NULL ? run_graph(lane, graph, batch, bound) : run_launches(lane, batch, &ordered);
    mgi_cuda_device_leave(former);
    if (code != 0) {
        return mgi_cuda_device_fail(error, &lane->replica->card, code, "computing a batch");
    }
    deliver(lane, batch, ordered ? lane->order : NULL, logits);
    return mgi_succeed(error);
}
