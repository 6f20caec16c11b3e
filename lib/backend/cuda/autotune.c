/* SPDX-License-Identifier: Apache-2.0 */
/* Which kernel makes a product fastest is found by the clock, when a model is loaded. */
#include "backend/cuda/gemm.h"
#include "backend/cuda/kernels/gemm_sm90.h"

#include "core/alloc.h"

mgi_cuda_gemm_call mgi_cuda_autotune_trial_call(const mgi_encoder *e, const mgi_cuda_replica *copy,
                                                const mgi_cuda_buffers *b, mgi_cuda_gemm_kind site,
                                                uint32_t rows) {
    const mgi_cuda_layer *layer = &copy->layers[0];
    const bool steps = e->forms.product == MGK_CUDA_S8;
    const void *x = b->quantised ? b->quantised : b->x;
    mgi_cuda_gemm_call ask = {.copy = copy,
                              .layer = layer,
                              .site = site,
                              .rows = rows,
                              .input = x,
                              .output = steps ? (void *)b->sums : b->qkv,
                              .workspace = b->workspace};
    switch (site) {
    case MGI_CUDA_GEMM_OUT:
        ask.linear = &layer->attention_output;
        ask.input = steps ? b->context_steps : b->context;
        ask.addend = b->x;
        break;
    case MGI_CUDA_GEMM_UP:
        ask.linear = &layer->up;
        ask.output = steps ? (void *)b->sums : b->wide;
        break;
    case MGI_CUDA_GEMM_DOWN:
        ask.linear = &layer->down;
        ask.input = b->wide;
        ask.addend = b->x;
        break;
    default: ask.linear = &layer->qkv; break;
    }
    return ask;
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
static float time_of(const mgi_encoder *e, const mgi_cuda_gemm_call *ask,
                     const cublasLtMatmulAlgo_t *algorithm, int runs, const stopwatch *watch) {
    start(watch);
    for (int i = 0; i < runs; i++) {
        if (mgi_cuda_cublas_launch(e, ask, algorithm) != 0) return never;
    }
    return stop(watch);
}

/* The same of our own kernel. */
static float time_of_own(const mgi_encoder *e, const mgi_cuda_gemm_call *ask, int runs,
                         const stopwatch *watch) {
    const mgk_cuda_gemm product = mgi_cuda_gemm_own_kernel(e, ask);
    mgk_gemm_sm90_plan plan;
    if (!mgk_gemm_sm90_supports(&product) ||
        mgk_gemm_sm90_prepare(&product, mgi_cuda_cublas_padded_rows(ask->rows), &plan) != 0) {
        return never;
    }
    start(watch);
    for (int i = 0; i < runs; i++) {
        if (mgk_gemm_sm90_launch(&plan, ask->rows, false, watch->stream) != 0) return never;
    }
    return stop(watch);
}

/* Ours does not add the residual, so what it competes with must not either. */
static bool may_be_own(const mgi_cuda_gemm_algorithms *a, mgi_cuda_gemm_kind site) {
    return !a->shapes[site].adds && site != MGI_CUDA_GEMM_POOL;
}

/* The fastest guess for full batches, by the clock, for all steps that are nearly as large. The
 * guesses run in turns: the card's clock changes as it warms up. */
static void race(const mgi_encoder *e, mgi_cuda_replica *copy, const mgi_cuda_buffers *b,
                 mgi_cuda_gemm_kind site, const stopwatch *watch) {
    enum { ROUNDS = 4, RUNS = 2, WARM_UP = 8 };
    mgi_cuda_gemm_algorithms *a = copy->algorithms;
    mgi_cuda_cublas_candidates c;
    float taken[MGI_CUDA_CUBLAS_MAX_CANDIDATES] = {0}, own = 0;
    int best = 0;
    mgi_cuda_gemm_call ask = mgi_cuda_autotune_trial_call(e, copy, b, site, e->batch_tokens);
    ask.stream = watch->stream;
    if (!mgi_cuda_cublas_guess(e, copy, site, mgi_cuda_cublas_padded_rows(ask.rows),
                               MGI_CUDA_CUBLAS_MAX_CANDIDATES, &c)) {
        return;
    }
    time_of(e, &ask, &c.found[0].algo, WARM_UP, watch);
    for (int round = 0; round <= ROUNDS; round++) { /* the first loads the kernels */
        for (int i = 0; i < c.count; i++) {
            const float some = time_of(e, &ask, &c.found[i].algo, RUNS, watch);
            if (round > 0 || some >= never) taken[i] += some;
        }
        const float some = may_be_own(a, site) ? time_of_own(e, &ask, RUNS, watch) : never;
        if (round > 0 || some >= never) own += some;
    }
    for (int i = 1; i < c.count; i++) {
        if (taken[i] < taken[best]) best = i;
    }
    a->own[site] = own < taken[best];
    for (uint32_t step = mgi_cuda_cublas_bucket(e->batch_tokens / 2 + 1); step < a->steps; step++) {
        *mgi_cuda_cublas_chosen(a, site, step) = c.found[best].algo;
    }
}

/* Where batches are large enough for the clock to tell. The lanes' memory is still unused; it is
 * filled with numbers like real ones, since products of zeros are faster. */
static void race_all(const mgi_encoder *e, mgi_cuda_replica *copy) {
    enum { LARGE = 4096 };
    static const mgi_cuda_gemm_kind sites[] = {MGI_CUDA_GEMM_QKV, MGI_CUDA_GEMM_OUT,
                                               MGI_CUDA_GEMM_UP, MGI_CUDA_GEMM_DOWN};
    stopwatch watch = {0};
    mgi_cuda_buffers b;
    char *lanes = copy->memory + e->weight_bytes;
    if (e->batch_tokens < LARGE) return;
    mgi_cuda_arena_layout_lane(e, &b, lanes);
    if (cudaStreamCreateWithFlags(&watch.stream, cudaStreamNonBlocking) == cudaSuccess &&
        cudaEventCreate(&watch.start) == cudaSuccess &&
        cudaEventCreate(&watch.end) == cudaSuccess &&
        mgk_cuda_weights_fill_noise(lanes, e->lane_bytes, watch.stream) == 0) {
        for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
            race(e, copy, &b, sites[i], &watch);
        }
        copy->algorithms->own[MGI_CUDA_GEMM_KEY_VALUE] = copy->algorithms->own[MGI_CUDA_GEMM_QKV];
    }
    if (watch.stream != NULL) cudaStreamSynchronize(watch.stream);
    if (watch.end != NULL) cudaEventDestroy(watch.end);
    if (watch.start != NULL) cudaEventDestroy(watch.start);
    if (watch.stream != NULL) cudaStreamDestroy(watch.stream);
}

static mgeo_status choose_all(const mgi_encoder *e, mgi_cuda_replica *copy, mgeo_error *error) {
    mgi_cuda_gemm_algorithms *a = copy->algorithms;
    mgi_cuda_cublas_candidates c;
    for (unsigned site = 0; site < MGI_CUDA_GEMM_KINDS; site++) {
        a->shapes[site] = mgi_cuda_cublas_shape(e, (mgi_cuda_gemm_kind)site);
        for (uint32_t step = 0; step < a->steps; step++) {
            if (!mgi_cuda_cublas_guess(e, copy, (mgi_cuda_gemm_kind)site,
                                       mgi_cuda_cublas_bucket_rows(step), 1, &c)) {
                return mgi_fail(error, MGEO_E_UNSUPPORTED,
                                "device \"cuda:%d\" (%s) has no product of %u by %u numbers at "
                                "this precision: load with another one",
                                copy->card.ordinal, copy->card.name, a->shapes[site].inputs,
                                a->shapes[site].outputs);
            }
            *mgi_cuda_cublas_chosen(a, (mgi_cuda_gemm_kind)site, step) = c.found[0].algo;
        }
    }
    race_all(e, copy);
    return MGEO_OK;
}

void mgi_cuda_autotune_destroy(mgi_cuda_gemm_algorithms *a) {
    if (a == NULL) return;
    if (a->handle != NULL) cublasLtDestroy(a->handle);
    mgi_free(a->chosen);
    mgi_free(a);
}

mgeo_status mgi_cuda_autotune_create(const mgi_encoder *e, mgi_cuda_replica *copy,
                                     mgeo_error *error) {
    mgi_cuda_gemm_algorithms *a = mgi_calloc(1, sizeof *a);
    if (a == NULL) return mgi_fail_memory(error, "a table of products", sizeof *a);
    copy->algorithms = a;
    a->steps = mgi_cuda_cublas_bucket(e->batch_tokens) + 1;
    a->chosen = mgi_calloc((size_t)MGI_CUDA_GEMM_KINDS * a->steps, sizeof *a->chosen);
    if (a->chosen == NULL) {
        return mgi_fail_memory(error, "a table of products", a->steps * sizeof *a->chosen);
    }
    cublasStatus_t status = cublasLtCreate(&a->handle);
    if (status != CUBLAS_STATUS_SUCCESS) {
        return mgi_fail(error, MGEO_E_DEVICE,
                        "device \"cuda:%d\" (%s): cuBLASLt does not start: %s", copy->card.ordinal,
                        copy->card.name, cublasLtGetStatusString(status));
    }
    return choose_all(e, copy, error);
}
