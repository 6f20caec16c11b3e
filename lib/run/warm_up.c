/* SPDX-License-Identifier: Apache-2.0 */
/* First batches of a model that serves no calls so far, so that none of them pays for set-up. */
#include "run/runner.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/progress.h"
#include "run/state.h"

/* After this many seconds, as with a large model, the lengths that matter less are left out. */
static const double time_budget = 2.0;

typedef struct filler_batch {
    mgi_worker *worker;
    uint32_t length; /* of every row */
    uint32_t rows;
    unsigned cores;
} filler_batch;

/* Any ids do; different ones touch different embeddings. */
static void pack_filler(mgi_runner *runner, mgi_batcher *batcher, uint32_t rows, uint32_t length) {
    batcher->batch.rows = rows;
    batcher->batch.tokens = rows * length;
    for (uint32_t i = 0; i < rows * length; i++) {
        batcher->ids[i] = (int32_t)((uint64_t)i * 7919 % runner->vocabulary);
        batcher->types[i] = 0;
    }
    for (uint32_t i = 0; i <= rows; i++) batcher->offsets[i] = i * length;
}

/* Uses the worker's lane and memory from the calling thread: while no rows are queued, no thread of
 * the pool borrows the worker. */
static mgeo_status run_filler(const filler_batch *filler, mgeo_progress *progress,
                              mgeo_error *error) {
    mgi_worker *worker = filler->worker;
    mgi_runner *runner = worker->runner;
    mgeo_status status = mgi_progress_check(progress, error);
    if (status != MGEO_OK) return status;
    uint32_t rows =
        filler->rows < worker->batcher.max_rows ? filler->rows : worker->batcher.max_rows;
    pack_filler(runner, &worker->batcher, rows, filler->length);
    double start = mgi_clock_now();
    mgi_team *team = mgi_lent_team_begin(&worker->team, filler->cores);
    status =
        runner->backend->run(worker->lane, &worker->batcher.batch, team, worker->logits, error);
    const double seconds = mgi_clock_now() - start;
    mgi_lent_team_end(&worker->team);
    if (rows == 1 && runner->cores > 1 && !runner->live_traffic) {
        mgi_parallelism_learn(&runner->single_row, filler->cores, filler->length, seconds);
    }
    mgi_progress_add(progress, 1);
    return status;
}

/* Steps of length up to the longest: that needs the most memory, the others are shapes between. */
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
        filler_batch filler = {
            .worker = worker, .length = length, .rows = runner->batch_tokens / length, .cores = 1};
        bool needed = step == WARM_LENGTHS; /* the largest scratch */
        if (needed || mgi_clock_now() < until) status = run_filler(&filler, progress, error);
    }
    return status;
}

/* On one core and on all, so that the choice between them is known from the start; during live
 * traffic on one alone, as a batch on all would slow the traffic and be timed wrongly. */
static mgeo_status warm_single_row(mgi_runner *runner, uint32_t length, bool both,
                                   mgeo_progress *progress, mgeo_error *error) {
    filler_batch filler = {.worker = &runner->workers[0], .length = length, .rows = 1, .cores = 1};
    mgeo_status status = run_filler(&filler, progress, error);
    filler.cores = runner->cores;
    if (status == MGEO_OK && both) status = run_filler(&filler, progress, error);
    return status;
}

/* Long rows first: their scratch suffices for the others. */
static mgeo_status warm_single_rows(mgi_runner *runner, double until, mgeo_progress *progress,
                                    mgeo_error *error) {
    enum { OUTLIERS = 2 }; /* first batches are slow for other reasons */
    mgeo_status status = MGEO_OK;
    for (uint32_t i = 0; i < WARM_SINGLE_ROWS && status == MGEO_OK; i++) {
        if (mgi_clock_now() >= until && i > 0) break;
        uint32_t length = warm_length(runner, WARM_SINGLE_ROWS - i, WARM_SINGLE_ROWS);
        bool hopeless =
            i >= OUTLIERS && runner->single_row.parallel > 2 * runner->single_row.serial;
        bool both = runner->cores > 1 && !hopeless && !runner->live_traffic;
        status = warm_single_row(runner, length, both, progress, error);
    }
    return status;
}

mgeo_status mgi_runner_warm_up(mgi_runner *runner, mgeo_progress *progress, mgeo_error *error) {
    double until = mgi_clock_now() + time_budget;
    uint32_t ways = runner->cores > 1 ? 2 : 1;
    uint32_t batches = runner->workers_count * WARM_LENGTHS + WARM_SINGLE_ROWS * ways;
    mgi_progress_stage(progress, MGEO_STAGE_WARMING, batches);
    mgeo_status status = warm_single_rows(runner, until, progress, error);
    for (uint32_t i = 0; i < runner->workers_count && status == MGEO_OK; i++) {
        status = warm_lane(&runner->workers[i], until, progress, error);
    }
    return status;
}
