/* SPDX-License-Identifier: Apache-2.0 */
/* A backend over the fake one that a test steers: it holds runs back, fails them, and remembers. */
#define _GNU_SOURCE
#include "controllable_backend.h"

#include "threads.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STEERED_REMEMBERED = 4096 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool held;
    unsigned let_by; /* runs that begin from now on */
    unsigned waiting;
    long fail_from, fail_count; /* runs until the first failure; failures left */
    mgeo_status fail_status;
    bool fail_lanes;
    uint32_t rows_most;
    uint32_t device_lanes, min_split_tokens;
    bool mixed_lengths;
    int32_t poison;
    unsigned delay; /* milliseconds */
    int lanes;
    int open_nice;
    unsigned runs;
    controllable_run remembered[STEERED_REMEMBERED];
} steered = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .poison = -1};

int controllable_own_nice(void) { return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid)); }

long controllable_own_thread(void) { return syscall(SYS_gettid); }

void controllable_reset(void) {
    pthread_mutex_lock(&steered.mutex);
    steered.held = false;
    steered.let_by = 0;
    steered.fail_from = 0;
    steered.fail_count = 0;
    steered.fail_lanes = false;
    steered.rows_most = 0;
    steered.device_lanes = 0;
    steered.min_split_tokens = 0;
    steered.mixed_lengths = false;
    steered.poison = -1;
    steered.delay = 0;
    steered.runs = 0;
    pthread_cond_broadcast(&steered.changed);
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_hold(bool held) {
    pthread_mutex_lock(&steered.mutex);
    steered.held = held;
    pthread_cond_broadcast(&steered.changed);
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_let_pass(unsigned runs) {
    pthread_mutex_lock(&steered.mutex);
    steered.let_by = runs;
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_await_waiting(unsigned count) {
    pthread_mutex_lock(&steered.mutex);
    while (steered.waiting < count) pthread_cond_wait(&steered.changed, &steered.mutex);
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_fail_runs(long nth, long count, mgeo_status status) {
    pthread_mutex_lock(&steered.mutex);
    steered.fail_from = nth;
    steered.fail_count = count;
    steered.fail_status = status;
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_limit_rows(uint32_t rows) {
    pthread_mutex_lock(&steered.mutex);
    steered.rows_most = rows;
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_set_lanes(uint32_t lanes, uint32_t min_split_tokens) {
    pthread_mutex_lock(&steered.mutex);
    steered.device_lanes = lanes;
    steered.min_split_tokens = min_split_tokens;
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_set_mixed_lengths(bool any) {
    pthread_mutex_lock(&steered.mutex);
    steered.mixed_lengths = any;
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_fail_lanes(bool fail) {
    pthread_mutex_lock(&steered.mutex);
    steered.fail_lanes = fail;
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_poison(int32_t id) {
    pthread_mutex_lock(&steered.mutex);
    steered.poison = id;
    pthread_mutex_unlock(&steered.mutex);
}

void controllable_delay(unsigned milliseconds) {
    pthread_mutex_lock(&steered.mutex);
    steered.delay = milliseconds;
    pthread_mutex_unlock(&steered.mutex);
}

unsigned controllable_runs(controllable_run *runs, unsigned most) {
    pthread_mutex_lock(&steered.mutex);
    unsigned count = steered.runs;
    for (unsigned i = 0; i < count && i < most && i < STEERED_REMEMBERED; i++) {
        runs[i] = steered.remembered[i];
    }
    pthread_mutex_unlock(&steered.mutex);
    return count;
}

int controllable_open_nice(void) {
    pthread_mutex_lock(&steered.mutex);
    int nice = steered.open_nice;
    pthread_mutex_unlock(&steered.mutex);
    return nice;
}

int controllable_lanes_open(void) {
    pthread_mutex_lock(&steered.mutex);
    int lanes = steered.lanes;
    pthread_mutex_unlock(&steered.mutex);
    return lanes;
}

static bool controllable_serves(const char *device) { return strcmp(device, "steered") == 0; }

static mgeo_status controllable_open_lane(mgi_encoder *encoder, mgi_lane **lane,
                                          mgeo_error *error) {
    *lane = NULL;
    pthread_mutex_lock(&steered.mutex);
    bool fail = steered.fail_lanes;
    pthread_mutex_unlock(&steered.mutex);
    if (fail) return mgi_fail(error, MGEO_E_DEVICE, "steered: no lane");
    mgeo_status status = mgi_fake_backend.open_lane(encoder, lane, error);
    pthread_mutex_lock(&steered.mutex);
    steered.lanes += status == MGEO_OK;
    pthread_mutex_unlock(&steered.mutex);
    return status;
}

static void controllable_close_lane(mgi_lane *lane) {
    if (lane == NULL) return;
    pthread_mutex_lock(&steered.mutex);
    steered.lanes--;
    pthread_mutex_unlock(&steered.mutex);
    mgi_fake_backend.close_lane(lane);
}

static void controllable_remember(const mgi_batch *batch, unsigned cores) {
    if (steered.runs < STEERED_REMEMBERED) {
        steered.remembered[steered.runs] = (controllable_run){
            .rows = batch->rows,
            .tokens = batch->tokens,
            .shortest = batch->offsets[1],
            .longest = batch->offsets[batch->rows] - batch->offsets[batch->rows - 1],
            .cores = cores,
            .nice = controllable_own_nice(),
            .thread = controllable_own_thread()};
    }
    steered.runs++;
}

/* Whether this run is to fail. */
static bool controllable_admit(const mgi_batch *batch, unsigned cores, mgeo_status *status) {
    pthread_mutex_lock(&steered.mutex);
    controllable_remember(batch, cores);
    bool fail = false;
    if (steered.fail_from > 1) {
        steered.fail_from--;
    } else if (steered.fail_count > 0) {
        steered.fail_count--;
        fail = true;
    }
    *status = steered.fail_status;
    if (!fail && steered.rows_most != 0 && batch->rows > steered.rows_most) {
        fail = true;
        *status = MGEO_E_MEMORY;
    }
    steered.waiting++;
    pthread_cond_broadcast(&steered.changed);
    bool waits = steered.let_by == 0;
    steered.let_by -= !waits;
    while (waits && steered.held) pthread_cond_wait(&steered.changed, &steered.mutex);
    steered.waiting--;
    unsigned delay = steered.delay;
    pthread_mutex_unlock(&steered.mutex);
    test_sleep(delay);
    return !fail;
}

static void controllable_spoil(const mgi_batch *batch, float *logits, size_t per_row) {
    pthread_mutex_lock(&steered.mutex);
    int32_t poison = steered.poison;
    pthread_mutex_unlock(&steered.mutex);
    for (uint32_t row = 0; row < batch->rows && poison >= 0; row++) {
        for (uint32_t i = batch->offsets[row]; i < batch->offsets[row + 1]; i++) {
            if (batch->ids[i] == poison) logits[row * per_row] = NAN;
        }
    }
}

static mgeo_status controllable_run_batch(mgi_lane *lane, const mgi_batch *batch, unsigned cores,
                                          float *logits, mgeo_error *error) {
    mgeo_status status;
    if (!controllable_admit(batch, cores, &status)) {
        return mgi_fail(error, status, "steered: this run was told to fail");
    }
    status = mgi_fake_backend.run(lane, batch, cores, logits, error);
    enum { LABELS = 3 }; /* of every model that is poisoned */
    if (status == MGEO_OK) controllable_spoil(batch, logits, LABELS);
    return status;
}

static mgeo_status controllable_open(const mgi_encoder_request *request, mgi_encoder **encoder,
                                     mgeo_error *error) {
    pthread_mutex_lock(&steered.mutex);
    steered.open_nice = controllable_own_nice();
    pthread_mutex_unlock(&steered.mutex);
    return mgi_fake_backend.open(request, encoder, error);
}

static mgeo_status controllable_predict(const mgi_encoder_request *request, unsigned cores,
                                        mgi_encoder_estimate *needs, mgeo_error *error) {
    mgeo_status status = mgi_fake_backend.predict(request, cores, needs, error);
    if (status != MGEO_OK) return status;
    pthread_mutex_lock(&steered.mutex);
    needs->lanes = steered.device_lanes;
    needs->on_cpu = needs->lanes == 0;
    pthread_mutex_unlock(&steered.mutex);
    return MGEO_OK;
}

static void controllable_describe(const mgi_encoder *encoder, mgi_encoder_info *info) {
    mgi_fake_backend.describe(encoder, info);
    pthread_mutex_lock(&steered.mutex);
    info->lanes = steered.device_lanes;
    info->min_split_tokens = steered.min_split_tokens;
    info->mixed_lengths = steered.mixed_lengths;
    info->on_cpu = info->lanes == 0;
    pthread_mutex_unlock(&steered.mutex);
}

static void controllable_close(mgi_encoder *encoder) { mgi_fake_backend.close(encoder); }

const mgi_backend controllable_backend = {
    .name = "steered",
    .serves = controllable_serves,
    .predict = controllable_predict,
    .open = controllable_open,
    .describe = controllable_describe,
    .close = controllable_close,
    .open_lane = controllable_open_lane,
    .run = controllable_run_batch,
    .close_lane = controllable_close_lane,
};
