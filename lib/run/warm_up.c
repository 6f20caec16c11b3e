/* SPDX-License-Identifier: Apache-2.0 */
/* First batches of a model that serves nobody yet, so that its first callers wait for nothing. */
#include "core/alloc.h"
#include "core/progress.h"
#include "core/thread.h"
#include "run/state.h"

/* A large model is slow: after this time the lengths that matter less are left out. */
static const double warm_up_patience = 2.0;

typedef struct warm_batch {
    mgi_worker *worker;
    uint32_t length; /* of every row */
    uint32_t rows;
    unsigned cores;
} warm_batch;

/* Any ids do; different ones touch different embeddings. */
static void warm_pack(mgi_runner *runner, mgi_batcher *batcher, uint32_t rows, uint32_t length) {
    batcher->batch.rows = rows;
    batcher->batch.tokens = rows * length;
    for (uint32_t i = 0; i < rows * length; i++) {
        batcher->ids[i] = (int32_t)((uint64_t)i * 7919 % runner->vocabulary);
        batcher->types[i] = 0;
    }
    for (uint32_t i = 0; i <= rows; i++) batcher->offsets[i] = i * length;
}

/* The lanes are run from here, while no rows can come and so no worker looks at its own. */
static mgeo_status warm_run(const warm_batch *warm, mgeo_progress *progress, mgeo_error *error) {
    mgi_worker *worker = warm->worker;
    mgi_runner *runner = worker->runner;
    mgeo_status status = mgi_progress_check(progress, error);
    if (status != MGEO_OK) return status;
    uint32_t rows = warm->rows < worker->batcher.rows_most ? warm->rows : worker->batcher.rows_most;
    warm_pack(runner, &worker->batcher, rows, warm->length);
    double start = mgi_clock_now();
    status = runner->backend->run(worker->lane, &worker->batcher.batch, warm->cores, worker->logits,
                                  error);
    if (rows == 1 && runner->cores > 1 && !runner->live_traffic) {
        mgi_parallelism_learn(&runner->lone, warm->cores, warm->length, mgi_clock_now() - start);
    }
    mgi_progress_add(progress, 1);
    return status;
}

/* Steps up to the longest: what a lane's memory must hold, and the shapes between. */
enum { WARM_LENGTHS = 4, WARM_SINGLE_ROWS = 8 };

static uint32_t warm_length(const mgi_runner *runner, uint32_t step, uint32_t steps) {
    uint32_t length = (uint32_t)((uint64_t)runner->max_length * step / steps);
    return length < MGI_TOKENIZER_MIN_LENGTH ? MGI_TOKENIZER_MIN_LENGTH : length;
}

static mgeo_status warm_lane(mgi_worker *worker, double until, mgeo_progress *progress,
                             mgeo_error *error) {
    mgi_runner *runner = worker->runner;
    mgeo_status status = MGEO_OK;
    for (uint32_t step = WARM_LENGTHS; step > 0 && status == MGEO_OK; step--) {
        uint32_t length = warm_length(runner, step, WARM_LENGTHS);
        warm_batch warm = {
            .worker = worker, .length = length, .rows = runner->batch_tokens / length, .cores = 1};
        bool needed = step == WARM_LENGTHS; /* the largest scratch of all */
        if (needed || mgi_clock_now() < until) status = warm_run(&warm, progress, error);
    }
    return status;
}

/* On one core and on all, so that the choice between them is known from the start. Beside live
 * traffic on one alone: the clock would tell of the traffic, which would feel the rest. */
static mgeo_status warm_single_row(mgi_runner *runner, uint32_t length, bool both,
                                   mgeo_progress *progress, mgeo_error *error) {
    warm_batch warm = {.worker = &runner->workers[0], .length = length, .rows = 1, .cores = 1};
    mgeo_status status = warm_run(&warm, progress, error);
    warm.cores = runner->cores;
    if (status == MGEO_OK && both) status = warm_run(&warm, progress, error);
    return status;
}

/* Long rows first: their scratch holds the others' too. */
static mgeo_status warm_single_rows(mgi_runner *runner, double until, mgeo_progress *progress,
                                    mgeo_error *error) {
    enum { SURE = 2 }; /* the first times are slow for other reasons */
    mgeo_status status = MGEO_OK;
    for (uint32_t i = 0; i < WARM_SINGLE_ROWS && status == MGEO_OK; i++) {
        if (mgi_clock_now() >= until && i > 0) break;
        uint32_t length = warm_length(runner, WARM_SINGLE_ROWS - i, WARM_SINGLE_ROWS);
        bool hopeless = i >= SURE && runner->lone.wide > 2 * runner->lone.narrow;
        bool both = runner->cores > 1 && !hopeless && !runner->live_traffic;
        status = warm_single_row(runner, length, both, progress, error);
    }
    return status;
}

mgeo_status mgi_runner_warm_up(mgi_runner *runner, mgeo_progress *progress, mgeo_error *error) {
    double until = mgi_clock_now() + warm_up_patience;
    uint32_t widths = runner->cores > 1 ? 2 : 1;
    uint32_t batches = runner->workers_count * WARM_LENGTHS + WARM_SINGLE_ROWS * widths;
    mgi_progress_stage(progress, MGEO_STAGE_WARMING, batches);
    mgeo_status status = warm_single_rows(runner, until, progress, error);
    for (uint32_t i = 0; i < runner->workers_count && status == MGEO_OK; i++) {
        status = warm_lane(&runner->workers[i], until, progress, error);
    }
    return status;
}
