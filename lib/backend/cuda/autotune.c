/* SPDX-License-Identifier: Apache-2.0 */
/* Times the kernels that could make each product, when a model is loaded, and keeps the fastest. */
#include "backend/cuda/autotune.h"

#include "backend/cuda/cublas.h"
#include "backend/cuda/kernels/gemm_sm90.h"
#include "backend/cuda/kernels/weights.h"
#include "core/alloc.h"

mgi_cuda_gemm_call mgi_cuda_autotune_trial_call(const mgi_encoder *e,
                                                const mgi_cuda_replica *replica,
                                                const mgi_cuda_buffers *b, mgi_cuda_gemm_kind kind,
                                                uint32_t rows) {
    const mgi_cuda_layer *layer = &replica->layers[0];
    const bool int8 = e->dtypes.gemm == MGK_CUDA_S8;
    const void *x = b->quantised != NULL ? b->quantised : b->x;
    mgi_cuda_gemm_call call = {.replica = replica,
                               .layer = layer,
                               .kind = kind,
                               .rows = rows,
                               .input = x,
                               .output = int8 ? (void *)b->sums : b->qkv,
                               .workspace = b->workspace};
    switch (kind) {
    case MGI_CUDA_GEMM_OUT:
        call.linear = &layer->attention_output;
        call.input = int8 ? b->context_int8 : b->context;
        call.addend = b->x;
        break;
    case MGI_CUDA_GEMM_UP:
        call.linear = &layer->up;
        call.output = int8 ? (void *)b->sums : b->wide;
        break;
    case MGI_CUDA_GEMM_DOWN:
        call.linear = &layer->down;
        call.input = b->wide;
        call.addend = b->x;
        break;
    default: call.linear = &layer->qkv; break;
    }
    return call;
}

typedef struct stopwatch {
    cudaStream_t stream;
    cudaEvent_t start, end;
} stopwatch;

static const float never = 1e30f;

static void start(const stopwatch *watch) { cudaEventRecord(watch->start, watch->stream); }

/* Milliseconds since the start, when what was launched since has run. */
static float stop(const stopwatch *watch) {
    float taken = never;
    cudaEventRecord(watch->end, watch->stream);
    if (cudaEventSynchronize(watch->end) != cudaSuccess ||
        cudaEventElapsedTime(&taken, watch->start, watch->end) != cudaSuccess) {
        return never;
    }
    return taken;
}

/* Milliseconds of a few runs; a large number if it does not run. */
static float time_of(const mgi_encoder *e, const mgi_cuda_gemm_call *call,
                     const cublasLtMatmulAlgo_t *algorithm, int runs, const stopwatch *watch) {
    start(watch);
    for (int i = 0; i < runs; i++) {
        if (mgi_cuda_cublas_launch(e, call, algorithm) != 0) return never;
    }
    return stop(watch);
}

/* The same of our own kernel. */
static float time_of_own(const mgi_encoder *e, const mgi_cuda_gemm_call *call, int runs,
                         const stopwatch *watch) {
    const mgk_cuda_gemm product = mgi_cuda_gemm_own_kernel(e, call);
    mgk_gemm_sm90_plan plan;
    if (!mgk_gemm_sm90_supports(&product) ||
        mgk_gemm_sm90_prepare(&product, mgi_cuda_cublas_padded_rows(call->rows), &plan) != 0) {
        return never;
    }
    start(watch);
    for (int i = 0; i < runs; i++) {
        if (mgk_gemm_sm90_launch(&plan, call->rows, false, watch->stream) != 0) return never;
    }
    return stop(watch);
}

/* Ours does not add the residual, so what it competes with must not either. */
static bool may_be_own(const mgi_cuda_gemm_algorithms *a, mgi_cuda_gemm_kind kind) {
    return !a->shapes[kind].adds && kind != MGI_CUDA_GEMM_POOL;
}

/* Takes the fastest candidate for full batches, and for all buckets at least half as large. The
 * candidates run in turns, as the card's clock changes while it warms up. */
static void autotune(const mgi_encoder *e, mgi_cuda_replica *replica, const mgi_cuda_buffers *b,
                     mgi_cuda_gemm_kind kind, const stopwatch *watch) {
    enum { ROUNDS = 4, RUNS = 2, WARM_UP = 8 };
    mgi_cuda_gemm_algorithms *a = replica->algorithms;
    mgi_cuda_cublas_candidates c;
    float taken[MGI_CUDA_CUBLAS_MAX_CANDIDATES] = {0}, own = 0;
    int best = 0;
    mgi_cuda_gemm_call call = mgi_cuda_autotune_trial_call(e, replica, b, kind, e->batch_tokens);
    call.stream = watch->stream;
    if (!mgi_cuda_cublas_guess(e, replica, kind, mgi_cuda_cublas_padded_rows(call.rows),
                               MGI_CUDA_CUBLAS_MAX_CANDIDATES, &c)) {
        return;
    }
    time_of(e, &call, &c.found[0].algo, WARM_UP, watch);
    for (int round = 0; round <= ROUNDS; round++) { /* the first loads the kernels */
        for (int i = 0; i < c.count; i++) {
            const float some = time_of(e, &call, &c.found[i].algo, RUNS, watch);
            if (round > 0 || some >= never) taken[i] += some;
        }
        const float some = may_be_own(a, kind) ? time_of_own(e, &call, RUNS, watch) : never;
        if (round > 0 || some >= never) own += some;
    }
    for (int i = 1; i < c.count; i++) {
        if (taken[i] < taken[best]) best = i;
    }
    a->own[kind] = own < taken[best];
    for (uint32_t bucket = mgi_cuda_cublas_bucket(e->batch_tokens / 2 + 1); bucket < a->buckets;
         bucket++) {
        *mgi_cuda_cublas_chosen(a, kind, bucket) = c.found[best].algo;
    }
}

/* Small batches are not timed: they take too little time to compare. The lanes' memory, still
 * unused, is filled with numbers like real ones, since products of zeros are faster. */
static void autotune_all(const mgi_encoder *e, mgi_cuda_replica *replica) {
    enum { LARGE = 4096 };
    static const mgi_cuda_gemm_kind kinds[] = {MGI_CUDA_GEMM_QKV, MGI_CUDA_GEMM_OUT,
                                               MGI_CUDA_GEMM_UP, MGI_CUDA_GEMM_DOWN};
    stopwatch watch = {0};
    mgi_cuda_buffers b;
    char *lanes = replica->memory + e->weight_bytes;
    if (e->batch_tokens < LARGE) return;
    mgi_cuda_arena_layout_lane(e, &b, lanes);
    if (cudaStreamCreateWithFlags(&watch.stream, cudaStreamNonBlocking) == cudaSuccess &&
        cudaEventCreate(&watch.start) == cudaSuccess &&
        cudaEventCreate(&watch.end) == cudaSuccess &&
        mgk_cuda_weights_fill_noise(lanes, e->lane_bytes, watch.stream) == 0) {
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            autotune(e, replica, &b, kinds[i], &watch);
        }
        replica->algorithms->own[MGI_CUDA_GEMM_KEY_VALUE] =
            replica->algorithms->own[MGI_CUDA_GEMM_QKV];
    }
    if (watch.stream != NULL) cudaStreamSynchronize(watch.stream);
    if (watch.end != NULL) cudaEventDestroy(watch.end);
    if (watch.start != NULL) cudaEventDestroy(watch.start);
    if (watch.stream != NULL) cudaStreamDestroy(watch.stream);
}

static mgeo_status choose_all(const mgi_encoder *e, mgi_cuda_replica *replica, mgeo_error *error) {
    mgi_cuda_gemm_algorithms *a = replica->algorithms;
    mgi_cuda_cublas_candidates c;
    for (unsigned kind = 0; kind < MGI_CUDA_GEMM_KINDS; kind++) {
        a->shapes[kind] = mgi_cuda_cublas_shape(e, (mgi_cuda_gemm_kind)kind);
        for (uint32_t bucket = 0; bucket < a->buckets; bucket++) {
            if (!mgi_cuda_cublas_guess(e, replica, (mgi_cuda_gemm_kind)kind,
                                       mgi_cuda_cublas_bucket_rows(bucket), 1, &c)) {
                return mgi_fail(error, MGEO_E_UNSUPPORTED,
                                "device \"cuda:%d\" (%s) has no product of %u by %u numbers at "
                                "this precision: load with another one",
                                replica->card.ordinal, replica->card.name, a->shapes[kind].inputs,
                                a->shapes[kind].outputs);
            }
            *mgi_cuda_cublas_chosen(a, (mgi_cuda_gemm_kind)kind, bucket) = c.found[0].algo;
        }
    }
    autotune_all(e, replica);
    return MGEO_OK;
}

void mgi_cuda_autotune_destroy(mgi_cuda_gemm_algorithms *a) {
    if (a == NULL) return;
    if (a->handle != NULL) cublasLtDestroy(a->handle);
    mgi_free(a->chosen);
    mgi_free(a);
}

mgeo_status mgi_cuda_autotune_create(const mgi_encoder *e, mgi_cuda_replica *replica,
                                     mgeo_error *error) {
    mgi_cuda_gemm_algorithms *a = mgi_calloc(1, sizeof *a);
    if (a == NULL) return mgi_fail_memory(error, "a table of products", sizeof *a);
    replica->algorithms = a;
    a->buckets = mgi_cuda_cublas_bucket(e->batch_tokens) + 1;
    a->chosen = mgi_calloc((size_t)MGI_CUDA_GEMM_KINDS * a->buckets, sizeof *a->chosen);
    if (a->chosen == NULL) {
        return mgi_fail_memory(error, "a table of products", a->buckets * sizeof *a->chosen);
    }
    cublasStatus_t status = cublasLtCreate(&a->handle);
    if (status != CUBLAS_STATUS_SUCCESS) {
        return mgi_fail(error, MGEO_E_DEVICE,
                        "device \"cuda:%d\" (%s): cuBLASLt does not start: %s",
                        replica->card.ordinal, replica->card.name, cublasLtGetStatusString(status));
    }
    return choose_all(e, replica, error);
}
