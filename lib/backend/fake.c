/* SPDX-License-Identifier: Apache-2.0 */
/* A backend that computes nothing: its logits are a hash of the row plus the classifier's bias, so
 * that tests see which model answered, and it refuses batches that break the contract. */
#include "backend/fake.h"

#include "backend/tensor.h"
#include "core/alloc.h"
#include "core/fixed_text.h"
#include "core/progress.h"

#include <string.h>

enum { FAKE_BATCH_TOKENS = 512, FAKE_ALIVE = 0x6D67656F };

struct mgi_encoder {
    uint32_t alive; /* FAKE_ALIVE until closed: a lane that outlives its encoder is found out */
    mgi_encoder_spec spec;
    uint32_t max_length;
    uint32_t batch_tokens;
    float bias[MGEO_MAX_LABELS];
    char device[64];
};

struct mgi_lane {
    mgi_encoder *encoder;
};

float mgi_fake_logit(const int32_t *ids, const uint8_t *types, uint32_t length, uint32_t label,
                     float bias) {
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < length; i++) {
        hash = (hash ^ (uint32_t)ids[i]) * 16777619u;
        hash = (hash ^ types[i]) * 16777619u;
    }
    hash = (hash ^ label) * 16777619u;
    return bias + (float)(hash >> 16) / 65536.0f;
}

static float fake_widen_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1Fu;
    float magnitude = (float)(half & 0x3FFu) / 1024.0f;
    if (exponent > 0) magnitude += 1.0f;
    if (exponent == 0) exponent = 1;
    uint32_t scale_bits = (exponent + 112u) << 23;
    float scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    return sign != 0 ? -(magnitude * scale) : magnitude * scale;
}

static float fake_number(const mgi_tensor *tensor, size_t index) {
    const unsigned char *at = tensor->data;
    if (tensor->dtype == MGI_F32) {
        float value;
        memcpy(&value, at + 4 * index, sizeof value);
        return value;
    }
    uint16_t bits;
    memcpy(&bits, at + 2 * index, sizeof bits);
    if (tensor->dtype == MGI_F16) return fake_widen_half(bits);
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static bool fake_serves(const char *device) { return strcmp(device, "fake") == 0; }

static mgeo_status fake_refuse(const mgi_encoder_request *request, mgeo_error *error) {
    if (request->precision != MGEO_PRECISION_AUTO && request->precision != MGEO_FP32) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "device \"fake\" computes in fp32 only");
    }
    if (request->allow_tf32) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "device \"fake\" has no TF32");
    }
    if (request->spec->labels > MGEO_MAX_LABELS) {
        return mgi_fail(error, MGEO_E_UNSUPPORTED, "device \"fake\" has at most %d labels",
                        MGEO_MAX_LABELS);
    }
    return MGEO_OK;
}

static uint32_t fake_batch_tokens(const mgi_encoder_request *request) {
    uint32_t tokens = request->batch_tokens != 0 ? request->batch_tokens : FAKE_BATCH_TOKENS;
    return tokens < request->max_length ? request->max_length : tokens;
}

static mgeo_status fake_predict(const mgi_encoder_request *request, unsigned cores,
                                mgi_encoder_estimate *needs, mgeo_error *error) {
    (void)cores;
    mgeo_status status = fake_refuse(request, error);
    if (status != MGEO_OK) return status;
    uint64_t weights = request->spec->labels * sizeof(float);
    *needs = (mgi_encoder_estimate){
        .precision = MGEO_FP32,
        .batch_tokens = fake_batch_tokens(request),
        .weights = weights,
        .opening = weights,
        .lane = sizeof(mgi_lane),
        .on_cpu = true,
    };
    mgi_fixed_text_copy(needs->device, sizeof needs->device, request->device);
    return mgi_succeed(error);
}

static mgeo_status fake_open(const mgi_encoder_request *request, mgi_encoder **encoder,
                             mgeo_error *error) {
    *encoder = NULL;
    mgi_progress_stage(request->progress, MGEO_STAGE_PLACING, 1);
    mgeo_status status = fake_refuse(request, error);
    if (status == MGEO_OK) status = mgi_progress_check(request->progress, error);
    if (status != MGEO_OK) return status;
    mgi_encoder *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a fake encoder", sizeof *made);
    const mgi_tensor *bias = &request->weights->classifier.bias;
    status = mgi_tensor_acquire(bias, error);
    if (status != MGEO_OK) {
        mgi_free(made);
        return status;
    }
    made->alive = FAKE_ALIVE;
    made->spec = *request->spec;
    made->max_length = request->max_length;
    made->batch_tokens = fake_batch_tokens(request);
    for (uint32_t i = 0; i < made->spec.labels; i++) {
        made->bias[i] = fake_number(bias, i);
    }
    mgi_tensor_release(bias);
    mgi_fixed_text_copy(made->device, sizeof made->device, request->device);
    mgi_progress_add(request->progress, 1);
    *encoder = made;
    return MGEO_OK;
}

static void fake_describe(const mgi_encoder *encoder, mgi_encoder_info *info) {
    *info = (mgi_encoder_info){
        .precision = MGEO_FP32,
        .batch_tokens = encoder->batch_tokens,
        .bytes_on_device = encoder->spec.labels * sizeof(float),
        .keeps_weights = false,
        .on_cpu = true,
    };
    mgi_fixed_text_copy(info->device, sizeof info->device, encoder->device);
    mgi_fixed_text_copy(info->library, sizeof info->library, "fake");
}

static void fake_close(mgi_encoder *encoder) {
    if (encoder == NULL) return;
    encoder->alive = 0;
    mgi_free(encoder);
}

static mgeo_status fake_open_lane(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error) {
    *lane = mgi_calloc(1, sizeof **lane);
    if (*lane == NULL) return mgi_fail_memory(error, "a fake lane", sizeof **lane);
    (*lane)->encoder = encoder;
    return MGEO_OK;
}

static bool fake_row_is_sound(const mgi_encoder *encoder, const mgi_batch *batch, uint32_t row) {
    uint32_t start = batch->offsets[row];
    uint32_t end = batch->offsets[row + 1];
    if (end <= start || end - start > encoder->max_length || end > batch->tokens) return false;
    if (row > 0 && end - start < start - batch->offsets[row - 1]) return false;
    for (uint32_t i = start; i < end; i++) {
        if (batch->ids[i] < 0 || (uint32_t)batch->ids[i] >= encoder->spec.vocabulary) return false;
        if (batch->types[i] >= encoder->spec.types) return false;
    }
    return true;
}

static mgeo_status fake_check(const mgi_encoder *encoder, const mgi_batch *batch, unsigned cores,
                              mgeo_error *error) {
    if (encoder->alive != FAKE_ALIVE) {
        return mgi_fail(error, MGEO_E_INTERNAL, "fake device: the encoder is closed");
    }
    if (cores < 1 || batch->rows < 1 || batch->offsets[0] != 0 ||
        batch->offsets[batch->rows] != batch->tokens || batch->tokens > encoder->batch_tokens) {
        return mgi_fail(error, MGEO_E_INTERNAL, "fake device: %u rows of %u tokens on %u cores",
                        batch->rows, batch->tokens, cores);
    }
    for (uint32_t row = 0; row < batch->rows; row++) {
        if (!fake_row_is_sound(encoder, batch, row)) {
            return mgi_fail(error, MGEO_E_INTERNAL, "fake device: row %u breaks the contract", row);
        }
    }
    return MGEO_OK;
}

typedef struct fake_work {
    const mgi_encoder *encoder;
    const mgi_batch *batch;
    float *logits;
} fake_work;

/* A part is one logit. */
static void fake_compute(void *context, unsigned part) {
    const fake_work *work = context;
    const mgi_batch *batch = work->batch;
    const uint32_t labels = work->encoder->spec.labels;
    const uint32_t row = part / labels, label = part % labels, start = batch->offsets[row];
    work->logits[part] =
        mgi_fake_logit(batch->ids + start, batch->types + start, batch->offsets[row + 1] - start,
                       label, work->encoder->bias[label]);
}

static mgeo_status fake_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team, float *logits,
                            mgeo_error *error) {
    const mgi_encoder *encoder = lane->encoder;
    mgeo_status status = fake_check(encoder, batch, team->cores, error);
    if (status != MGEO_OK) return status;
    fake_work work = {.encoder = encoder, .batch = batch, .logits = logits};
    mgi_team_share(team, batch->rows * encoder->spec.labels, fake_compute, &work);
    return MGEO_OK;
}

static void fake_close_lane(mgi_lane *lane) { mgi_free(lane); }

const mgi_backend mgi_fake_backend = {
    .name = "fake",
    .serves = fake_serves,
    .predict = fake_predict,
    .open = fake_open,
    .describe = fake_describe,
    .close = fake_close,
    .open_lane = fake_open_lane,
    .run = fake_run,
    .close_lane = fake_close_lane,
};
