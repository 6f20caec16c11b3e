/* SPDX-License-Identifier: Apache-2.0 */
/* A device whose products cost nothing, to measure all that is around them. */
#include "null_backend.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LANES = 3, TOKENS = 16896, WHOLE = 4096 };

struct mgi_encoder {
    uint32_t labels, batch_tokens;
    double rate, base; /* tokens a second; seconds for any batch */
    pthread_mutex_t mutex;
    double busy_until; /* of mgi_clock_now() */
};

struct mgi_lane {
    mgi_encoder *encoder;
};

static uint32_t setting(const char *name, uint32_t usual) {
    const char *value = getenv(name);
    return value != NULL ? (uint32_t)strtoul(value, NULL, 10) : usual;
}

static bool serves(const char *device) { return strcmp(device, "null") == 0; }

static uint32_t tokens_of(const mgi_encoder_request *request) {
    return request->batch_tokens != 0 ? request->batch_tokens : setting("MGEO_NULL_TOKENS", TOKENS);
}

static mgeo_status predict(const mgi_encoder_request *request, unsigned cores,
                           mgi_encoder_estimate *needs, mgeo_error *error) {
    (void)cores;
    *needs = (mgi_encoder_estimate){.precision = MGEO_FP32,
                                    .batch_tokens = tokens_of(request),
                                    .lanes = setting("MGEO_NULL_LANES", LANES)};
    snprintf(needs->device, sizeof needs->device, "null");
    return mgi_succeed(error);
}

static mgeo_status open_encoder(const mgi_encoder_request *request, mgi_encoder **encoder,
                                mgeo_error *error) {
    mgi_encoder *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "an encoder", sizeof *made);
    made->labels = request->spec->labels;
    made->batch_tokens = tokens_of(request);
    made->rate = setting("MGEO_NULL_RATE", 0);
    made->base = 1e-6 * setting("MGEO_NULL_BASE", 0);
    pthread_mutex_init(&made->mutex, NULL);
    *encoder = made;
    return mgi_succeed(error);
}

static void describe(const mgi_encoder *encoder, mgi_encoder_info *info) {
    *info = (mgi_encoder_info){.precision = MGEO_FP32,
                               .batch_tokens = encoder->batch_tokens,
                               .lanes = setting("MGEO_NULL_LANES", LANES),
                               .min_split_tokens = setting("MGEO_NULL_MIN_SPLIT", WHOLE)};
    snprintf(info->device, sizeof info->device, "null");
    snprintf(info->library, sizeof info->library, "none");
}

static void close_encoder(mgi_encoder *encoder) {
    if (encoder == NULL) return;
    pthread_mutex_destroy(&encoder->mutex);
    mgi_free(encoder);
}

static mgeo_status open_lane(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error) {
    *lane = mgi_calloc(1, sizeof **lane);
    if (*lane == NULL) return mgi_fail_memory(error, "a lane", sizeof **lane);
    (*lane)->encoder = encoder;
    return mgi_succeed(error);
}

/* Batches follow one another on the device, whatever lanes they come from. */
static void take_time(mgi_encoder *encoder, uint32_t tokens) {
    double seconds = encoder->base;
    if (encoder->rate > 0) seconds += tokens / encoder->rate;
    if (!(seconds > 0)) return;
    pthread_mutex_lock(&encoder->mutex);
    double now = mgi_clock_now();
    double begin = encoder->busy_until > now ? encoder->busy_until : now;
    double end = encoder->busy_until = begin + seconds;
    pthread_mutex_unlock(&encoder->mutex);
    struct timespec until = {.tv_sec = (time_t)end};
    until.tv_nsec = (long)(1e9 * (end - (double)until.tv_sec));
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static mgeo_status run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team, float *logits,
                       mgeo_error *error) {
    (void)team;
    uint32_t labels = lane->encoder->labels;
    take_time(lane->encoder, batch->tokens);
    for (uint32_t row = 0; row < batch->rows; row++) {
        int32_t word = batch->ids[batch->offsets[row] + 1];
        for (uint32_t i = 0; i < labels; i++) {
            logits[row * labels + i] = (float)((word * (int32_t)(i + 3)) % 17) / 8;
        }
    }
    return mgi_succeed(error);
}

static void close_lane(mgi_lane *lane) { mgi_free(lane); }

const mgi_backend null_backend = {
    .name = "null",
    .serves = serves,
    .predict = predict,
    .open = open_encoder,
    .describe = describe,
    .close = close_encoder,
    .open_lane = open_lane,
    .run = run,
    .close_lane = close_lane,
};
