/* SPDX-License-Identifier: Apache-2.0 */
/* Resolves requests for CUDA cards: precisions, sizes, and what each card and model allows. */
#include "backend/cuda/resolve.h"

#include "backend/cuda/arena.h"
#include "backend/cuda/kernels/epilogue.h"
#include "backend/request.h"

enum { MAX_BATCH_TOKENS = 1 << 18 };

/* ---- precisions ---- */

typedef struct precision {
    int32_t number;
    mgi_cuda_dtypes dtypes;
    int oldest;        /* compute capability */
    uint32_t multiple; /* of hidden and intermediate */
} precision;

static const precision precisions[] = {
    {MGEO_FP32, {MGK_CUDA_F32, MGK_CUDA_F32, false}, 75, 4},
    {MGEO_BF16, {MGK_CUDA_BF16, MGK_CUDA_BF16, false}, 80, 8},
    {MGEO_FP16, {MGK_CUDA_F16, MGK_CUDA_F16, false}, 75, 8},
    {MGEO_INT8, {MGK_CUDA_F16, MGK_CUDA_S8, false}, 75, 16},
    {MGEO_FP8, {MGK_CUDA_F16, MGK_CUDA_E4M3, false}, 89, 16},
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

static const precision *computed_as(const precision *requested, const mgi_encoder_spec *spec) {
    return requested->number == MGEO_FP8 && is_narrow(spec) ? find_precision(MGEO_FP16) : requested;
}

static int oldest_card(const mgi_cuda_cards *cards) {
    int oldest = cards->card[0].capability;
    for (uint32_t i = 1; i < cards->count; i++) {
        if (cards->card[i].capability < oldest) oldest = cards->card[i].capability;
    }
    return oldest;
}

/* bf16 where all cards have it, else fp16. */
static int32_t preferred_precision(const mgi_cuda_cards *cards) {
    return oldest_card(cards) >= 80 ? MGEO_BF16 : MGEO_FP16;
}

/* p: as requested; computed: as the model is computed. */
static mgeo_status check_precision(const mgi_encoder *e, const precision *p,
                                   const precision *computed, mgeo_error *error) {
    const int capability = oldest_card(&e->cards);
    if (capability < p->oldest) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision %s needs compute capability %d.%d and the device has %d.%d: "
                        "load with fp16 or int8",
                        mgeo_precision_name(p->number), p->oldest / 10, p->oldest % 10,
                        capability / 10, capability % 10);
    }
    if (e->spec.hidden % computed->multiple != 0 ||
        e->spec.intermediate % computed->multiple != 0) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "precision %s on CUDA needs hidden and intermediate sizes that are "
                        "multiples of %u, and the model has %u and %u: load with device \"cpu\"",
                        mgeo_precision_name(p->number), computed->multiple, e->spec.hidden,
                        e->spec.intermediate);
    }
    if (computed->number == MGEO_FP8 && e->spec.activation == MGI_TANH) {
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

static mgeo_status resolve_precision(const mgi_encoder_request *request, mgi_encoder *e,
                                     mgeo_error *error) {
    mgeo_status status = mgi_request_check_precision(request, error);
    if (status != MGEO_OK) return status;
    e->precision = request->precision != MGEO_PRECISION_AUTO ? request->precision
                                                             : preferred_precision(&e->cards);
    const precision *p = find_precision(e->precision);
    if (p == NULL) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "precision %s is not supported on CUDA",
                        mgeo_precision_name(e->precision));
    }
    const precision *computed = computed_as(p, &e->spec);
    e->dtypes = computed->dtypes;
    e->dtypes.tf32 = request->allow_tf32;
    if (request->allow_tf32 && p->number != MGEO_FP32) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED,
                        "allow_tf32 is for precision fp32, and %s was chosen: ask for fp32",
                        mgeo_precision_name(p->number));
    }
    return check_precision(e, p, computed, error);
}

/* ---- sizes ---- */

/* Whole waves of 132 multiprocessors with tiles of 128 rows. More of them score a little more, and
 * a single call waits longer for them: benchmarks/RESULTS.md. */
static uint32_t preferred_batch(const mgi_encoder *e) {
    enum { WAVE = 5632, WAVES = 5 };
    return e->dtypes.activation == MGK_CUDA_F32 ? WAVE : WAVES * WAVE;
}

static mgeo_status resolve_sizes(const mgi_encoder_request *request, mgi_encoder *e,
                                 mgeo_error *error) {
    enum { CLASSIFIER_SHARED = 48 << 10 };
    const mgi_request_batch batch = {.preferred = preferred_batch(e), .most = MAX_BATCH_TOKENS};
    if (request->spec->hidden * sizeof(float) > CLASSIFIER_SHARED) {
        return mgi_request_fail_shape(request->spec, error);
    }
    e->max_length = request->max_length;
    return mgi_request_resolve_batch(request, batch, &e->batch_tokens, error);
}

mgeo_status mgi_cuda_resolve_request(const mgi_encoder_request *request, mgi_encoder *e,
                                     mgeo_error *error) {
    mgeo_status status = mgi_cuda_device_find(request->device, &e->cards, error);
    if (status != MGEO_OK) return status;
    e->spec = *request->spec;
    status = resolve_precision(request, e, error);
    if (status == MGEO_OK) status = resolve_sizes(request, e, error);
    if (status != MGEO_OK) return status;
    mgi_cuda_replica counted = {0};
    mgi_cuda_buffers buffers;
    e->dependent = oldest_card(&e->cards) >= 90;
    e->weight_bytes = mgi_cuda_arena_layout_weights(e, &counted, NULL);
    e->lane_bytes = mgi_cuda_arena_layout_lane(e, &buffers, NULL);
    return MGEO_OK;
}
