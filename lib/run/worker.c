/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: one batch at a time, from waiting rows to results, in whichever thread enters. */
#define _GNU_SOURCE
#include "run/worker.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/progress.h"
#include "run/execute.h"
#include "run/queue_space.h"
#include "run/results.h"

#include <stddef.h>

/* Seconds; shorter turns between models would cost more than they are worth. */
static const double min_starvation_seconds = 0.01;

static bool entry_is_skipped(const mgi_batcher_entry *entry) {
    return (entry->flags & MGEO_ROW_SKIPPED) != 0;
}

/* ---- results --------------------------------------------------------------------------------- */

static mgi_call *call_of(mgi_queue_source *source) { return (mgi_call *)source; }

/* Callers wait until their rows are closed, so their arrays may be written without the mutex. */
static void write_results(mgi_worker *worker) {
    const mgi_labels *labels = worker->runner->labels;
    for (uint32_t row = 0; row < worker->batcher.batch.rows; row++) {
        mgi_batcher_entry *entry = &worker->batcher.entries[row];
        mgeo_scores *scores = call_of(entry->source)->scores;
        if (entry_is_skipped(entry)) {
            mgi_results_refuse_row(scores, entry->index, entry->flags);
        } else {
            mgi_results_write_row(labels, entry, worker->logits + (size_t)row * labels->count,
                                  scores);
        }
    }
}

/* ---- counts ---------------------------------------------------------------------------------- */

static bool entry_is_bad(const mgi_batcher_entry *entry) {
    return (entry->flags & (MGEO_ROW_SKIPPED | MGEO_ROW_NOT_FINITE)) != 0;
}

/* Rows of one chunk are queued at the same moment, and often lie side by side in a batch. */
static void count_waits(const mgi_worker *worker, double start) {
    const mgi_batcher *batcher = &worker->batcher;
    uint32_t alike = 0;
    for (uint32_t row = 0; row < batcher->batch.rows; row += alike) {
        double queued_at = batcher->entries[row].queued_at;
        for (alike = 1; row + alike < batcher->batch.rows; alike++) {
            if (batcher->entries[row + alike].queued_at != queued_at) break;
        }
        mgi_counters_time(worker->runner->counters, worker->number, MGI_TIME_WAITS,
                          mgi_counters_nanoseconds(start - queued_at), alike);
    }
}

/* The results have been written. */
static void count_rows(const mgi_worker *worker) {
    const mgi_batcher *batcher = &worker->batcher;
    mgi_counters *counters = worker->runner->counters;
    uint64_t bad = 0, not_finite = 0, truncated = 0, tokens = 0;
    uint64_t unknown = 0, differ = 0, capped = 0;
    for (uint32_t row = 0; row < batcher->batch.rows; row++) {
        const mgi_batcher_entry *entry = &batcher->entries[row];
        if (!entry_is_skipped(entry)) tokens += entry->length;
        truncated += (entry->flags & MGEO_ROW_TRUNCATED) != 0;
        not_finite += (entry->flags & MGEO_ROW_NOT_FINITE) != 0;
        if (entry_is_bad(entry)) {
            bad++;
        } else {
            const mgeo_scores *scores = call_of(entry->source)->scores;
            mgi_counters_similarity(counters, worker->number, scores->similarity[entry->index]);
            unknown += (entry->flags & MGEO_ROW_UNKNOWN_CHARACTERS) != 0;
            differ += (entry->flags & MGEO_ROW_UNKNOWN_DIFFER) != 0;
            capped += (entry->flags & MGEO_ROW_CAPPED) != 0;
        }
    }
    uint64_t scored = batcher->batch.rows - bad;
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_SCORED, scored);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_BAD, bad);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_NOT_FINITE, not_finite);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_TRUNCATED, truncated);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_UNKNOWN, unknown);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_UNKNOWN_DIFFER, differ);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_CAPPED, capped);
    mgi_counters_add(counters, worker->number, MGI_COUNT_TOKENS, tokens);
}

/* Before the rows are closed, so that a call's rows are counted when it returns. The mutex is not
 * held. */
static void count_batch(const mgi_worker *worker, double start, double seconds) {
    const mgi_batch *batch = &worker->batcher.batch;
    mgi_counters *counters = worker->runner->counters;
    unsigned stripe = worker->number;
    count_waits(worker, start);
    count_rows(worker);
    mgi_counters_add(counters, stripe, MGI_COUNT_BATCHES, 1);
    mgi_counters_add(counters, stripe, MGI_COUNT_BATCH_TOKENS, batch->tokens);
    mgi_counters_add(counters, stripe, MGI_COUNT_BUSY_NANOSECONDS,
                     mgi_counters_nanoseconds(seconds));
    mgi_counters_raise(counters, stripe, MGI_COUNT_BATCH_ROWS_MAX, batch->rows);
}

/* ---- closing rows; the mutex is held --------------------------------------------------------- */

/* Consecutive rows of a batch that belong to one call. */
typedef struct finished_rows {
    mgi_call *call;
    uint32_t rows, failed, skipped;
    uint64_t tokens;
} finished_rows;

/* The rows from `first` on that are of the same call. */
static finished_rows gather_finished(const mgi_batcher *batcher, uint32_t first) {
    const mgi_batcher_entry *entries = batcher->entries;
    finished_rows finished = {.call = call_of(entries[first].source)};
    for (uint32_t row = first; row < batcher->batch.rows; row++) {
        if (entries[row].source != entries[first].source) break;
        bool skipped = entry_is_skipped(&entries[row]);
        finished.rows++;
        finished.failed += entry_is_bad(&entries[row]);
        finished.skipped += skipped;
        if (!skipped) finished.tokens += entries[row].length;
    }
    return finished;
}

/* Tells the call that these rows have their results. Once the mutex is released, it may be another
 * caller's. */
static void close_rows(mgi_worker *worker, const finished_rows *finished, mgeo_status status,
                       const mgeo_error *failure) {
    mgi_call *call = finished->call;
    bool fails = finished->skipped > 0 && call->status == MGEO_OK;
    call->failed_rows += finished->failed;
    call->tokens += finished->tokens;
    if (fails) {
        call->status = status;
        call->failure = *failure;
    }
    mgi_progress_add(call->scores->progress, finished->rows);
    call->open_rows -= finished->rows;
    if (fails || call->open_rows == 0) worker->wakes[worker->wakes_count++] = &call->wake;
}

static void close_batch(mgi_worker *worker, mgeo_status status, const mgeo_error *failure) {
    for (uint32_t row = 0; row < worker->batcher.batch.rows;) {
        finished_rows finished = gather_finished(&worker->batcher, row);
        close_rows(worker, &finished, status, failure);
        row += finished.rows;
    }
}

/* Without the mutex, which they want first of all. A call that has ended meanwhile is still there,
 * as calls are not freed; if it has a new caller, he is woken for nothing. */
static void wake_callers(mgi_worker *worker) {
    for (uint32_t i = 0; i < worker->wakes_count; i++) pthread_cond_signal(worker->wakes[i]);
    worker->wakes_count = 0;
}

/* ---- a batch --------------------------------------------------------------------------------- */

static mgi_batcher_demand demand_now(const mgi_runner *runner) {
    const mgi_thread_pool_usage usage = mgi_thread_pool_usage_now(runner->pool);
    uint32_t workers = runner->workers_count - runner->busy_workers;
    uint32_t threads = usage.cores > usage.batches ? usage.cores - usage.batches : 0;
    return (mgi_batcher_demand){.waiting_rows = runner->queue.waiting_rows,
                                .waiting_tokens = runner->queue.waiting_tokens,
                                .calls = runner->calls,
                                .free_workers = workers < threads ? workers : threads,
                                .busy_workers = usage.batches,
                                .cores = runner->cores,
                                .busy_cores = usage.busy_cores};
}

/* Packs a batch; returns the cores that it might be computed with. */
static unsigned take_batch(mgi_worker *worker) {
    mgi_runner *runner = worker->runner;
    const mgi_batcher_demand demand = demand_now(runner);
    mgi_batcher_grant grant =
        mgi_batcher_grant_for(&demand, runner->batch_tokens, runner->min_split_tokens);
    mgi_batcher_fill(&worker->batcher, &runner->queue, grant.tokens);
    mgi_queue_space_signal(runner);
    return grant.cores;
}

static void learn_batch_seconds(mgi_runner *runner, double seconds) {
    double *smoothed = &runner->batch_seconds;
    *smoothed = *smoothed == 0 ? seconds : *smoothed + (seconds - *smoothed) / 8;
}

/* How long rows may wait for a thread while other models have them all: no longer than a batch
 * takes, so that those models halve this one's speed at worst. */
static double starvation_seconds(const mgi_runner *runner) {
    bool long_batches = runner->batch_seconds > min_starvation_seconds;
    return long_batches ? runner->batch_seconds : min_starvation_seconds;
}

/* The mutex is held on entry and on return. */
static void run_one_batch(mgi_worker *worker) {
    mgi_runner *runner = worker->runner;
    mgeo_error failure = {0};
    unsigned offered = take_batch(worker);
    unsigned cores = mgi_parallelism_choose(&runner->single_row, offered);
    runner->busy_workers++;
    mgi_thread_pool_begin_batch(runner->pool, cores);
    mgi_worker_request_threads(runner); /* for the rows that are left */
    mgi_lock_release(&runner->mutex);

    double start = mgi_clock_now();
    mgi_team *team = mgi_lent_team_begin(&worker->team, cores);
    mgeo_status status =
        mgi_execute_batch(runner, &worker->lane, &worker->batcher, team, worker->logits, &failure);
    bool undisturbed = mgi_lent_team_end(&worker->team);
    double seconds = mgi_clock_now() - start;
    write_results(worker);
    count_batch(worker, start, seconds);

    mgi_lock_acquire(&runner->mutex);
    if (offered > 1 && status == MGEO_OK && undisturbed) {
        mgi_parallelism_learn(&runner->single_row, cores, worker->batcher.batch.tokens, seconds);
    }
    learn_batch_seconds(runner, seconds);
    close_batch(worker, status, &failure);
    runner->busy_workers--;
    mgi_thread_pool_end_batch(runner->pool, cores);
    mgi_lock_release(&runner->mutex);
    wake_callers(worker);
    mgi_lock_acquire(&runner->mutex);
}

/* ---- threads that enter ---------------------------------------------------------------------- */

/* One batch, if rows wait and a worker is idle. The mutex is held on entry and on return. */
static bool run_batch_if_any(mgi_runner *runner) {
    mgi_worker *worker = runner->idle;
    if (worker == NULL || runner->queue.waiting_rows == 0) return false;
    runner->idle = worker->next_idle;
    run_one_batch(worker);
    worker->next_idle = runner->idle;
    runner->idle = worker;
    return true;
}

void mgi_worker_pool_entry(mgi_thread_pool_task *task) {
    mgi_runner *runner = (mgi_runner *)((char *)task - offsetof(mgi_runner, task));
    mgi_lock_acquire(&runner->mutex);
    while (run_batch_if_any(runner)) {
        if (runner->queue.waiting_rows == 0) break;
        if (mgi_thread_pool_should_yield(runner->pool, task)) break;
    }
    mgi_worker_request_threads(runner); /* for rows that are left to other threads */
    mgi_lock_release(&runner->mutex);
}

void mgi_worker_request_threads(mgi_runner *runner) {
    /* Where no worker is idle, the busy ones take the rows when they are done. */
    if (runner->queue.waiting_rows == 0 || runner->idle == NULL) return;
    const mgi_batcher_demand demand = demand_now(runner);
    uint32_t workers = mgi_batcher_split_count(&demand, runner->min_split_tokens);
    mgi_thread_pool_request(runner->pool, &runner->task, workers, starvation_seconds(runner));
}

/* Not on a CPU: a batch would be bound to the processors of the host's thread, and leave libtorch's
 * own threads behind. */
static bool may_run_inline(const mgi_runner *runner) {
    if (runner->on_cpu || runner->idle == NULL || runner->busy_workers > 0) return false;
    if (runner->calls > 1 || runner->queue.waiting_rows == 0) return false;
    const mgi_batcher_demand demand = demand_now(runner);
    return runner->queue.waiting_tokens <= runner->batch_tokens &&
           mgi_batcher_split_count(&demand, runner->min_split_tokens) == 1;
}

bool mgi_worker_run_inline(mgi_runner *runner) {
    if (!may_run_inline(runner)) return false;
    run_batch_if_any(runner);
    mgi_worker_request_threads(runner); /* for rows queued meanwhile */
    return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

mgeo_status mgi_worker_init(mgi_worker *worker, mgi_runner *runner, unsigned number,
                            mgeo_error *error) {
    worker->runner = runner;
    worker->number = number;
    if (!mgi_batcher_init(&worker->batcher, runner->batch_tokens, runner->queue.capacity,
                          runner->mixed_lengths)) {
        return mgi_fail_memory(error, "a worker's batch", runner->batch_tokens);
    }
    size_t numbers = (size_t)worker->batcher.max_rows * runner->labels->count;
    worker->logits = mgi_calloc(numbers, sizeof *worker->logits);
    worker->wakes = mgi_calloc(worker->batcher.max_rows, sizeof *worker->wakes);
    if (worker->logits == NULL || worker->wakes == NULL) {
        return mgi_fail_memory(error, "a worker's logits", numbers * 4);
    }
    mgeo_status status = mgi_lent_team_init(&worker->team, runner->pool, error);
    if (status != MGEO_OK) return status;
    status = runner->backend->open_lane(runner->encoder, &worker->lane, error);
    if (status != MGEO_OK) return status;
    worker->next_idle = runner->idle;
    runner->idle = worker;
    return MGEO_OK;
}

void mgi_worker_finish(mgi_worker *worker) {
    mgi_lent_team_finish(&worker->team);
    if (worker->lane != NULL) worker->runner->backend->close_lane(worker->lane);
    mgi_batcher_finish(&worker->batcher);
    mgi_free(worker->wakes);
    mgi_free(worker->logits);
}
