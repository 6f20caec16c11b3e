/* SPDX-License-Identifier: Apache-2.0 */
/* A backend over the fake one that a test steers: it holds runs back, fails them, and remembers. */
#define _GNU_SOURCE
#include "controllable_backend.h"

#include "threads.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CONTROLLABLE_REMEMBERED = 4096 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool held;
    unsigned let_pass; /* runs that begin from now on */
    unsigned waiting;
    long fail_from, fail_count; /* runs until the first failure; failures left */
    mgeo_status fail_status;
    bool fail_lanes;
    uint32_t rows_most;
    uint32_t device_lanes, min_split_tokens;
    bool mixed_lengths;
    int32_t poison;
    unsigned delay; /* milliseconds */
    bool wants_teams;
    int lanes;
    int open_nice;
    unsigned runs;
    controllable_run remembered[CONTROLLABLE_REMEMBERED];
} controllable = {
    .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .poison = -1};

int controllable_own_nice(void) { return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid)); }

long controllable_own_thread(void) { return syscall(SYS_gettid); }

void controllable_reset(void) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.held = false;
    controllable.let_pass = 0;
    controllable.fail_from = 0;
    controllable.fail_count = 0;
    controllable.fail_lanes = false;
    controllable.rows_most = 0;
    controllable.device_lanes = 0;
    controllable.min_split_tokens = 0;
    controllable.mixed_lengths = false;
    controllable.poison = -1;
    controllable.delay = 0;
    controllable.wants_teams = false;
    controllable.runs = 0;
    pthread_cond_broadcast(&controllable.changed);
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_hold(bool held) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.held = held;
    pthread_cond_broadcast(&controllable.changed);
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_let_pass(unsigned runs) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.let_pass = runs;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_await_waiting(unsigned count) {
    pthread_mutex_lock(&controllable.mutex);
    while (controllable.waiting < count) {
        pthread_cond_wait(&controllable.changed, &controllable.mutex);
    }
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_fail_runs(long nth, long count, mgeo_status status) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.fail_from = nth;
    controllable.fail_count = count;
    controllable.fail_status = status;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_limit_rows(uint32_t rows) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.rows_most = rows;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_set_lanes(uint32_t lanes, uint32_t min_split_tokens) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.device_lanes = lanes;
    controllable.min_split_tokens = min_split_tokens;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_set_mixed_lengths(bool any) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.mixed_lengths = any;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_fail_lanes(bool fail) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.fail_lanes = fail;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_poison(int32_t id) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.poison = id;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_delay(unsigned milliseconds) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.delay = milliseconds;
    pthread_mutex_unlock(&controllable.mutex);
}

void controllable_want_teams(bool want) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.wants_teams = want;
    pthread_mutex_unlock(&controllable.mutex);
}

unsigned controllable_runs(controllable_run *runs, unsigned most) {
    pthread_mutex_lock(&controllable.mutex);
    unsigned count = controllable.runs;
    for (unsigned i = 0; i < count && i < most && i < CONTROLLABLE_REMEMBERED; i++) {
        runs[i] = controllable.remembered[i];
    }
    pthread_mutex_unlock(&controllable.mutex);
    return count;
}

int controllable_open_nice(void) {
    pthread_mutex_lock(&controllable.mutex);
    int nice = controllable.open_nice;
    pthread_mutex_unlock(&controllable.mutex);
    return nice;
}

int controllable_lanes_open(void) {
    pthread_mutex_lock(&controllable.mutex);
    int lanes = controllable.lanes;
    pthread_mutex_unlock(&controllable.mutex);
    return lanes;
}

static bool controllable_serves(const char *device) { return strcmp(device, "controllable") == 0; }

static mgeo_status controllable_open_lane(mgi_encoder *encoder, mgi_lane **lane,
                                          mgeo_error *error) {
    *lane = NULL;
    pthread_mutex_lock(&controllable.mutex);
    bool fail = controllable.fail_lanes;
    pthread_mutex_unlock(&controllable.mutex);
    if (fail) return mgi_fail(error, MGEO_E_DEVICE, "controllable: no lane");
    mgeo_status status = mgi_fake_backend.open_lane(encoder, lane, error);
    pthread_mutex_lock(&controllable.mutex);
    controllable.lanes += status == MGEO_OK;
    pthread_mutex_unlock(&controllable.mutex);
    return status;
}

static void controllable_close_lane(mgi_lane *lane) {
    if (lane == NULL) return;
    pthread_mutex_lock(&controllable.mutex);
    controllable.lanes--;
    pthread_mutex_unlock(&controllable.mutex);
    mgi_fake_backend.close_lane(lane);
}

static void controllable_remember(const mgi_batch *batch, unsigned cores) {
    if (controllable.runs < CONTROLLABLE_REMEMBERED) {
        controllable.remembered[controllable.runs] = (controllable_run){
            .rows = batch->rows,
            .tokens = batch->tokens,
            .shortest = batch->offsets[1],
            .longest = batch->offsets[batch->rows] - batch->offsets[batch->rows - 1],
            .cores = cores,
            .nice = controllable_own_nice(),
            .thread = controllable_own_thread()};
    }
    controllable.runs++;
}

/* Whether this run is to fail. */
static bool controllable_admit(const mgi_batch *batch, unsigned cores, mgeo_status *status) {
    pthread_mutex_lock(&controllable.mutex);
    controllable_remember(batch, cores);
    bool fail = false;
    if (controllable.fail_from > 1) {
        controllable.fail_from--;
    } else if (controllable.fail_count > 0) {
        controllable.fail_count--;
        fail = true;
    }
    *status = controllable.fail_status;
    if (!fail && controllable.rows_most != 0 && batch->rows > controllable.rows_most) {
        fail = true;
        *status = MGEO_E_MEMORY;
    }
    controllable.waiting++;
    pthread_cond_broadcast(&controllable.changed);
    bool waits = controllable.let_pass == 0;
    controllable.let_pass -= !waits;
    while (waits && controllable.held) {
        pthread_cond_wait(&controllable.changed, &controllable.mutex);
    }
    controllable.waiting--;
    unsigned delay = controllable.delay;
    pthread_mutex_unlock(&controllable.mutex);
    test_sleep(delay);
    return !fail;
}

static void controllable_spoil(const mgi_batch *batch, float *logits, size_t per_row) {
    pthread_mutex_lock(&controllable.mutex);
    int32_t poison = controllable.poison;
    pthread_mutex_unlock(&controllable.mutex);
    for (uint32_t row = 0; row < batch->rows && poison >= 0; row++) {
        for (uint32_t i = batch->offsets[row]; i < batch->offsets[row + 1]; i++) {
            if (batch->ids[i] == poison) logits[row * per_row] = NAN;
        }
    }
}

typedef struct controllable_meeting {
    unsigned threads;
    atomic_uint came, met;
} controllable_meeting;

/* Waits for the other threads a while: in the first phases they may still be on their way. */
static void controllable_meet(void *context, unsigned part) {
    controllable_meeting *meeting = context;
    (void)part;
    atomic_fetch_add(&meeting->came, 1);
    for (int i = 0; i < 100 && atomic_load(&meeting->came) < meeting->threads; i++) test_sleep(1);
    if (atomic_load(&meeting->came) == meeting->threads) atomic_fetch_add(&meeting->met, 1);
}

static void controllable_use_team(mgi_team *team) {
    controllable_meeting meeting = {.threads = team->cores};
    pthread_mutex_lock(&controllable.mutex);
    bool wanted = controllable.wants_teams && team->cores > 1;
    while (wanted && meeting.met < team->cores) {
        pthread_mutex_unlock(&controllable.mutex);
        meeting = (controllable_meeting){.threads = team->cores};
        mgi_team_share(team, team->cores, controllable_meet, &meeting);
        pthread_mutex_lock(&controllable.mutex);
    }
    controllable.waiting += wanted;
    pthread_cond_broadcast(&controllable.changed);
    while (wanted && controllable.held) {
        pthread_mutex_unlock(&controllable.mutex);
        meeting = (controllable_meeting){0};
        mgi_team_share(team, team->cores, controllable_meet, &meeting);
        pthread_mutex_lock(&controllable.mutex);
    }
    controllable.waiting -= wanted;
    pthread_mutex_unlock(&controllable.mutex);
}

static mgeo_status controllable_run_batch(mgi_lane *lane, const mgi_batch *batch, mgi_team *team,
                                          float *logits, mgeo_error *error) {
    mgeo_status status;
    controllable_use_team(team);
    if (!controllable_admit(batch, team->cores, &status)) {
        return mgi_fail(error, status, "controllable: this run was told to fail");
    }
    status = mgi_fake_backend.run(lane, batch, team, logits, error);
    enum { LABELS = 3 }; /* of every model that is poisoned */
    if (status == MGEO_OK) controllable_spoil(batch, logits, LABELS);
    return status;
}

static mgeo_status controllable_open(const mgi_encoder_request *request, mgi_encoder **encoder,
                                     mgeo_error *error) {
    pthread_mutex_lock(&controllable.mutex);
    controllable.open_nice = controllable_own_nice();
    pthread_mutex_unlock(&controllable.mutex);
    return mgi_fake_backend.open(request, encoder, error);
}

static mgeo_status controllable_predict(const mgi_encoder_request *request, unsigned cores,
                                        mgi_encoder_estimate *needs, mgeo_error *error) {
    mgeo_status status = mgi_fake_backend.predict(request, cores, needs, error);
    if (status != MGEO_OK) return status;
    pthread_mutex_lock(&controllable.mutex);
    needs->lanes = controllable.device_lanes;
    needs->on_cpu = needs->lanes == 0;
    pthread_mutex_unlock(&controllable.mutex);
    return MGEO_OK;
}

static void controllable_describe(const mgi_encoder *encoder, mgi_encoder_info *info) {
    mgi_fake_backend.describe(encoder, info);
    pthread_mutex_lock(&controllable.mutex);
    info->lanes = controllable.device_lanes;
    info->min_split_tokens = controllable.min_split_tokens;
    info->mixed_lengths = controllable.mixed_lengths;
    info->on_cpu = info->lanes == 0;
    pthread_mutex_unlock(&controllable.mutex);
}

static void controllable_close(mgi_encoder *encoder) { mgi_fake_backend.close(encoder); }

const mgi_backend controllable_backend = {
    .name = "controllable",
    .serves = controllable_serves,
    .predict = controllable_predict,
    .open = controllable_open,
    .describe = controllable_describe,
    .close = controllable_close,
    .open_lane = controllable_open_lane,
    .run = controllable_run_batch,
    .close_lane = controllable_close_lane,
};
