/* SPDX-License-Identifier: Apache-2.0 */
/* The backend over CUDA: checks requests, and hands what holds to the encoder. */
#include "backend/cuda/encoder.h"

#include "core/alloc.h"
#include "core/progress.h"

#include <cublasLt.h>
#include <stdio.h>
#include <string.h>

enum { MAX_BATCH_TOKENS = 1 << 18 };

/* ---- precisions */

typedef struct precision {
    int32_t number;
    const char *name;
    mgi_cuda_dtypes forms;
    int oldest;        /* compute capability */
    uint32_t multiple; /* of hidden and intermediate */
} precision;

static const precision precisions[] = {
    {MGEO_FP32, "fp32", {MGK_CUDA_F32, MGK_CUDA_F32, false}, 75, 4},
    {MGEO_BF16, "bf16", {MGK_CUDA_BF16, MGK_CUDA_BF16, false}, 80, 8},
    {MGEO_FP16, "fp16", {MGK_CUDA_F16, MGK_CUDA_F16, false}, 75, 8},
    {MGEO_INT8, "int8", {MGK_CUDA_F16, MGK_CUDA_S8, false}, 75, 16},
    {MGEO_FP8, "fp8", {MGK_CUDA_F16, MGK_CUDA_E4M3, false}, 89, 16},
};

static const precision *find_precision(int32_t number) {
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++) {
        if (precisions[i].number == number) return &precisions[i];
    }
    return NULL;
}

/* Narrower products do not fill the 128 bytes of a row that tensor cores are given at a time. There
 * E4M3 is no faster than fp16, and less exact: 14% slower and 3% of labels at 32 numbers
 * (benchmarks/RESULTS.md). */
static bool is_narrow(const mgi_encoder_spec *spec) {
    enum { FILLED = 128 };
    return spec->hidden < FILLED || spec->intermediate < FILLED;
}

static const precision *computed_as(const precision *asked, const mgi_encoder_spec *spec) {
    return asked->number == MGEO_FP8 && is_narrow(spec) ? find_precision(MGEO_FP16) : asked;
}

static int oldest_card(const mgi_cuda_cards *cards) {
    int oldest = cards->card[0].capability;
    for (uint32_t i = 1; i < cards->count; i++) {
        if (cards->card[i].capability < oldest) oldest = cards->card[i].capability;
    }
    return oldest;
}

/* bf16 where all cards have it, else fp16. */
static int32_t best_precision(const mgi_cuda_cards *cards) {
    return oldest_card(cards) >= 80 ? MGEO_BF16 : MGEO_FP16;
}

/* p: as asked for; made: as it is computed. */
static mgeo_status check_precision(const mgi_encoder *e, const precision *p, const precision *made,
                                   mgeo_error *error) {
    const int capability = oldest_card(&e->cards);
    if (capability < p->oldest) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision %s needs compute capability %d.%d and the device has %d.%d: "
                        "load with fp16 or int8",
                        p->name, p->oldest / 10, p->oldest % 10, capability / 10, capability % 10);
    }
    if (e->spec.hidden % made->multiple != 0 || e->spec.intermediate % made->multiple != 0) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision %s on CUDA needs hidden and intermediate sizes that are "
                        "multiples of %u, and the model has %u and %u: load with device \"cpu\"",
                        p->name, made->multiple, e->spec.hidden, e->spec.intermediate);
    }
    if (made->number == MGEO_FP8 && e->spec.activation == MGI_TANH) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision fp8 on CUDA has no tanh between products: load with fp16");
    }
    if (p->number == MGEO_INT8 && e->spec.intermediate > MGK_CUDA_S8_MAX_WIDTH) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision int8 on CUDA takes intermediate sizes up to %u, and the model "
                        "has %u: load with fp16",
                        MGK_CUDA_S8_MAX_WIDTH, e->spec.intermediate);
    }
    return MGEO_OK;
}

static mgeo_status choose_precision(const mgi_encoder_request *request, mgi_encoder *e,
                                    mgeo_error *error) {
    e->precision =
        request->precision != MGEO_PRECISION_AUTO ? request->precision : best_precision(&e->cards);
    const precision *p = find_precision(e->precision);
    if (p == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "%d is not an mgeo_precision", request->precision);
    }
    const precision *made = computed_as(p, &e->spec);
    e->forms = made->forms;
    e->forms.tf32 = request->allow_tf32;
    if (request->allow_tf32 && p->number != MGEO_FP32) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "allow_tf32 is for precision fp32, and %s was chosen: ask for fp32",
                        p->name);
    }
    return check_precision(e, p, made, error);
}

/* ---- sizes */

/* Whole waves of 132 multiprocessors with tiles of 128 rows. More of them score a little more, and
 * a lone call waits longer for them: benchmarks/RESULTS.md. */
static uint32_t best_batch(const mgi_encoder *e) {
    enum { WAVE = 5632, WAVES = 5 };
    const uint32_t best = e->forms.flow == MGK_CUDA_F32 ? WAVE : WAVES * WAVE;
    return best < e->max_length ? e->max_length : best;
}

static mgeo_status choose_sizes(const mgi_encoder_request *request, mgi_encoder *e,
                                mgeo_error *error) {
    const mgi_encoder_spec *spec = request->spec;
    enum { LABELS_SHARED = 48 << 10 };
    if (spec->layers < 1 || spec->hidden < 1 || spec->heads < 1 || spec->labels < 1 ||
        spec->intermediate < 1 || spec->hidden % spec->heads != 0 ||
        spec->hidden * sizeof(float) > LABELS_SHARED) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "a model of %u layers, %u hidden, %u heads, %u intermediate and %u labels "
                        "cannot be placed",
                        spec->layers, spec->hidden, spec->heads, spec->intermediate, spec->labels);
    }
    if (request->max_length < 1 || request->max_length > spec->positions) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "max_length %u is not within 1..%u, the model's positions",
                        request->max_length, spec->positions);
    }
    e->max_length = request->max_length;
    e->batch_tokens = request->batch_tokens ? request->batch_tokens : best_batch(e);
    if (e->batch_tokens < e->max_length || e->batch_tokens > MAX_BATCH_TOKENS) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "batch_tokens %u is not within %u (max_length) ..%d", e->batch_tokens,
                        e->max_length, MAX_BATCH_TOKENS);
    }
    return MGEO_OK;
}

/* Cards, precision and sizes, of a request that holds. Nothing is touched on the device. */
static mgeo_status settle(const mgi_encoder_request *request, mgi_encoder *e, mgeo_error *error) {
    mgeo_status status = mgi_cuda_device_find(request->device, &e->cards, error);
    if (status != MGEO_OK) return status;
    e->spec = *request->spec;
    status = choose_precision(request, e, error);
    if (status == MGEO_OK) status = choose_sizes(request, e, error);
    if (status != MGEO_OK) return status;
    mgi_cuda_replica counted = {0};
    mgi_cuda_buffers buffers;
    e->dependent = oldest_card(&e->cards) >= 90;
    e->weight_bytes = mgi_cuda_arena_layout_weights(e, &counted, NULL);
    e->lane_bytes = mgi_cuda_arena_layout_lane(e, &buffers, NULL);
    return MGEO_OK;
}

/* ---- the vtable */

static bool serves(const char *device) { return device != NULL && mgi_cuda_device_is_name(device); }

static mgeo_status usable(const char *device, mgeo_error *error) {
    mgi_cuda_cards cards;
    mgeo_status status = mgi_cuda_device_find(device, &cards, error);
    return status == MGEO_OK ? mgi_succeed(error) : status;
}

/* A batch below this is computed faster whole than in parts that lanes work on side by side. */
static uint32_t min_split_tokens(const mgi_encoder *e) {
    enum { WHOLE = 8192 };
    return e->batch_tokens < WHOLE ? e->batch_tokens : WHOLE;
}

/* Pinned memory of the lanes. */
static uint64_t pinned_bytes(const mgi_encoder *e) {
    return mgi_cuda_upload_bytes_tiled(e->batch_tokens, e->batch_tokens, e->batch_tokens) +
           (uint64_t)e->batch_tokens * e->spec.labels * sizeof(float);
}

static mgeo_status predict(const mgi_encoder_request *request, unsigned cores,
                           mgi_encoder_estimate *needs, mgeo_error *error) {
    (void)cores;
    mgi_encoder e = {0};
    mgeo_status status = settle(request, &e, error);
    if (status != MGEO_OK) return status;
    memset(needs, 0, sizeof *needs);
    needs->precision = e.precision;
    needs->batch_tokens = e.batch_tokens;
    const uint64_t cards = e.cards.count;
    needs->lanes = MGI_CUDA_LANES_PER_CARD * e.cards.count;
    needs->weights = e.weight_bytes * cards;
    needs->opening = mgi_cuda_arena_bytes(&e) * cards;
    needs->lane = e.lane_bytes;
    needs->host_workspace = needs->lanes * pinned_bytes(&e);
    mgi_cuda_device_name(&e.cards, needs->device, sizeof needs->device);
    return mgi_succeed(error);
}

/* Each card holds a copy: the one that has least decides. */
static mgeo_status available(const char *device, uint64_t *bytes, mgeo_error *error) {
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

static void close_copy(mgi_cuda_replica *copy) {
    const int former = mgi_cuda_device_enter(&copy->card);
    mgi_cuda_autotune_destroy(copy->algorithms);
    cudaFree(copy->memory);
    cudaGetLastError(); /* of a device that has failed */
    mgi_cuda_device_leave(former);
    mgi_free(copy->layers);
}

static void close_encoder(mgi_encoder *e) {
    if (e == NULL) return;
    for (uint32_t i = 0; e->copies != NULL && i < e->cards.count; i++) {
        if (e->copies[i].layers != NULL) close_copy(&e->copies[i]);
    }
    if (e->has_mutex) mgi_lock_finish(&e->mutex);
    mgi_free(e->copies);
    mgi_free(e);
}

static mgeo_status fill_copy(mgi_encoder *e, mgi_cuda_replica *copy,
                             const mgi_encoder_request *request, mgeo_error *error) {
    int code = (int)cudaMalloc((void **)&copy->memory, mgi_cuda_arena_bytes(e));
    if (code != 0) {
        return mgi_cuda_device_fail(error, &copy->card, code, "allocating the model's memory");
    }
    mgi_cuda_arena_layout_weights(e, copy, copy->memory);
    mgeo_status status = mgi_cuda_weights_upload(e, copy, request, error);
    return status == MGEO_OK ? mgi_cuda_autotune_create(e, copy, error) : status;
}

static mgeo_status open_copy(mgi_encoder *e, uint32_t i, const mgi_encoder_request *request,
                             mgeo_error *error) {
    mgi_cuda_replica *copy = &e->copies[i];
    copy->card = e->cards.card[i];
    copy->layers = mgi_calloc(e->spec.layers, sizeof *copy->layers);
    if (copy->layers == NULL) {
        return mgi_fail_memory(error, "the layers", e->spec.layers * sizeof *copy->layers);
    }
    const int former = mgi_cuda_device_enter(&copy->card);
    mgeo_status status = fill_copy(e, copy, request, error);
    mgi_cuda_device_leave(former);
    return status;
}

static bool have_heads(const mgi_encoder *e) {
    bool all = true;
    for (uint32_t i = 0; i < e->cards.count && all; i++) {
        const int former = mgi_cuda_device_enter(&e->copies[i].card);
        all = mgi_cuda_qkv_attention_available(e, &e->copies[i]);
        mgi_cuda_device_leave(former);
    }
    return all;
}

static mgeo_status fill_encoder(mgi_encoder *e, const mgi_encoder_request *request,
                                mgeo_error *error) {
    enum { OUTSIDE_LAYERS = 9, IN_A_LAYER = 16 };
    mgeo_status status = settle(request, e, error);
    if (status != MGEO_OK) return status;
    e->has_mutex = mgi_lock_init(&e->mutex, MGI_LOCK_CUDA_ENCODER) == 0;
    if (!e->has_mutex) return mgi_fail(error, MGEO_E_MEMORY, "a mutex cannot be made");
    e->copies = mgi_calloc(e->cards.count, sizeof *e->copies);
    if (e->copies == NULL) {
        return mgi_fail_memory(error, "the cards' copies", e->cards.count * sizeof *e->copies);
    }
    mgi_progress_stage(request->progress, MGEO_STAGE_PLACING,
                       (OUTSIDE_LAYERS + (uint64_t)IN_A_LAYER * e->spec.layers) * e->cards.count);
    for (uint32_t i = 0; i < e->cards.count && status == MGEO_OK; i++) {
        status = open_copy(e, i, request, error);
    }
    if (status == MGEO_OK) e->tiled = have_heads(e);
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
    .available = available,
    .open = open_encoder,
    .describe = describe,
    .close = close_encoder,
    .open_lane = mgi_cuda_lane_open,
    .run = mgi_cuda_lane_run,
    .close_lane = mgi_cuda_lane_close,
};
