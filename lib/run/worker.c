/* A worker takes rows, runs its lane over them and writes the answers to their callers, in whatever
 * thread comes. */
#define _GNU_SOURCE
#include "core/alloc.h"
#include "core/thread.h"
#include "run/state.h"

#include <stddef.h>

static bool mgi_entry_is_skipped(const mgi_entry *entry) {
    return (entry->flags & MGEO_ROW_SKIPPED) != 0;
}

/* ---- answers --------------------------------------------------------------------------------- */

static mgi_call *mgi_call_of(mgi_source *source) { return (mgi_call *)source; }

/* The callers wait until their rows are counted as answered, so their arrays are there without the
 * mutex. */
static void mgi_answer_rows(mgi_worker *worker) {
    const mgi_labels *labels = worker->runner->labels;
    for (uint32_t row = 0; row < worker->batcher.batch.rows; row++) {
        mgi_entry *entry = &worker->batcher.entries[row];
        mgeo_scores *scores = mgi_call_of(entry->source)->scores;
        if (mgi_entry_is_skipped(entry)) {
            mgi_refuse_row(scores, entry->index, entry->flags);
        } else {
            mgi_answer_row(labels, entry, worker->logits + (size_t)row * labels->count, scores);
        }
    }
}

/* ---- counts ---------------------------------------------------------------------------------- */

static bool mgi_entry_is_bad(const mgi_entry *entry) {
    return (entry->flags & (MGEO_ROW_SKIPPED | MGEO_ROW_NOT_FINITE)) != 0;
}

/* Rows of one chunk began to wait at once, and often come one after the other. */
static void mgi_count_waits(const mgi_worker *worker, double start) {
    const mgi_batcher *batcher = &worker->batcher;
    uint32_t alike = 0;
    for (uint32_t row = 0; row < batcher->batch.rows; row += alike) {
        double since = batcher->entries[row].since;
        for (alike = 1; row + alike < batcher->batch.rows; alike++) {
            if (batcher->entries[row + alike].since != since) break;
        }
        mgi_counters_time(worker->runner->counters, worker->number, MGI_TIME_WAITS,
                          mgi_nanoseconds(start - since), alike);
    }
}

/* The answers have been written. */
static void mgi_count_rows(const mgi_worker *worker) {
    const mgi_batcher *batcher = &worker->batcher;
    mgi_counters *counters = worker->runner->counters;
    uint64_t bad = 0, not_finite = 0, truncated = 0, tokens = 0;
    for (uint32_t row = 0; row < batcher->batch.rows; row++) {
        const mgi_entry *entry = &batcher->entries[row];
        if (!mgi_entry_is_skipped(entry)) tokens += entry->length;
        truncated += (entry->flags & MGEO_ROW_TRUNCATED) != 0;
        not_finite += (entry->flags & MGEO_ROW_NOT_FINITE) != 0;
        if (mgi_entry_is_bad(entry)) {
            bad++;
        } else {
            const mgeo_scores *scores = mgi_call_of(entry->source)->scores;
            mgi_counters_similarity(counters, worker->number, scores->similarity[entry->index]);
        }
    }
    uint64_t scored = batcher->batch.rows - bad;
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_SCORED, scored);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_BAD, bad);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_NOT_FINITE, not_finite);
    mgi_counters_add(counters, worker->number, MGI_COUNT_ROWS_TRUNCATED, truncated);
    mgi_counters_add(counters, worker->number, MGI_COUNT_TOKENS, tokens);
}

/* Before the rows are closed: a caller who has his answers finds them counted. The mutex is not
 * held. */
static void mgi_count_batch(const mgi_worker *worker, double start, double seconds) {
    const mgi_batch *batch = &worker->batcher.batch;
    mgi_counters *counters = worker->runner->counters;
    unsigned stripe = worker->number;
    mgi_count_waits(worker, start);
    mgi_count_rows(worker);
    mgi_counters_add(counters, stripe, MGI_COUNT_BATCHES, 1);
    mgi_counters_add(counters, stripe, MGI_COUNT_BATCH_TOKENS, batch->tokens);
    mgi_counters_add(counters, stripe, MGI_COUNT_BUSY_NANOSECONDS, mgi_nanoseconds(seconds));
    mgi_counters_raise(counters, stripe, MGI_COUNT_BATCH_ROWS_MAX, batch->rows);
}

/* ---- accounts; the mutex is held ------------------------------------------------------------- */

/* Rows of one call, one after the other in a batch. */
typedef struct mgi_closing {
    mgi_call *call;
    uint32_t rows, failed, skipped;
    uint64_t tokens;
} mgi_closing;

/* Gathers the rows from `first` on that are of the same call. */
static mgi_closing mgi_gather(const mgi_batcher *batcher, uint32_t first) {
    const mgi_entry *entries = batcher->entries;
    mgi_closing closing = {.call = mgi_call_of(entries[first].source)};
    for (uint32_t row = first; row < batcher->batch.rows; row++) {
        if (entries[row].source != entries[first].source) break;
        bool skipped = mgi_entry_is_skipped(&entries[row]);
        closing.rows++;
        closing.failed += mgi_entry_is_bad(&entries[row]);
        closing.skipped += skipped;
        if (!skipped) closing.tokens += entries[row].length;
    }
    return closing;
}

/* Tells the call that the rows are answered; when the mutex is given up, it may be gone. */
static void mgi_close_rows(mgi_worker *worker, const mgi_closing *closing, mgeo_status status,
                           const mgeo_error *failure) {
    mgi_call *call = closing->call;
    bool fails = closing->skipped > 0 && call->status == MGEO_OK;
    call->failed_rows += closing->failed;
    call->tokens += closing->tokens;
    if (fails) {
        call->status = status;
        call->failure = *failure;
    }
    mgi_progress_add(call->scores->progress, closing->rows);
    call->open_rows -= closing->rows;
    if (fails || call->open_rows == 0) worker->wakes[worker->wakes_count++] = &call->wake;
}

static void mgi_close_batch(mgi_worker *worker, mgeo_status status, const mgeo_error *failure) {
    for (uint32_t row = 0; row < worker->batcher.batch.rows;) {
        mgi_closing closing = mgi_gather(&worker->batcher, row);
        mgi_close_rows(worker, &closing, status, failure);
        row += closing.rows;
    }
}

/* Without the mutex, which they want first of all. A call that has gone on meanwhile is still
 * there, as calls are pooled, and is woken for nothing. */
static void mgi_wake_callers(mgi_worker *worker) {
    for (uint32_t i = 0; i < worker->wakes_count; i++) pthread_cond_signal(worker->wakes[i]);
    worker->wakes_count = 0;
}

/* ---- a batch --------------------------------------------------------------------------------- */

static mgi_load mgi_load_now(const mgi_runner *runner) {
    const mgi_crew_use use = mgi_crew_look(runner->crew);
    uint32_t workers = runner->workers_count - runner->busy_workers;
    uint32_t threads = use.cores > use.batches ? use.cores - use.batches : 0;
    return (mgi_load){.waiting_rows = runner->queue.waiting_rows,
                      .waiting_tokens = runner->queue.waiting_tokens,
                      .calls = runner->calls,
                      .free_workers = workers < threads ? workers : threads,
                      .busy_workers = use.batches,
                      .cores = runner->cores,
                      .busy_cores = use.busy_cores};
}

/* Packs a batch; returns the cores that it might be computed with. */
static unsigned mgi_worker_take(mgi_worker *worker) {
    mgi_runner *runner = worker->runner;
    const mgi_load load = mgi_load_now(runner);
    mgi_share share = mgi_share_of(&load, runner->batch_tokens, runner->whole_tokens);
    mgi_batcher_fill(&worker->batcher, &runner->queue, share.tokens);
    mgi_room_wake(runner);
    return share.cores;
}

/* The mutex is held on entry and on return. */
static void mgi_worker_turn(mgi_worker *worker) {
    mgi_runner *runner = worker->runner;
    mgeo_error failure = {0};
    unsigned offered = mgi_worker_take(worker);
    unsigned cores = mgi_cores_choose(&runner->lone, offered);
    runner->busy_workers++;
    mgi_crew_begin_batch(runner->crew, cores);
    mgi_workers_wake(runner); /* for the rows that are left */
    pthread_mutex_unlock(&runner->mutex);

    double start = mgi_now();
    mgeo_status status =
        mgi_lane_run(runner, &worker->lane, &worker->batcher, cores, worker->logits, &failure);
    double seconds = mgi_now() - start;
    mgi_answer_rows(worker);
    mgi_count_batch(worker, start, seconds);

    pthread_mutex_lock(&runner->mutex);
    if (offered > 1 && status == MGEO_OK) {
        mgi_cores_learn(&runner->lone, cores, worker->batcher.batch.tokens, seconds);
    }
    mgi_runner_learn_batch(runner, seconds);
    mgi_close_batch(worker, status, &failure);
    runner->busy_workers--;
    mgi_crew_end_batch(runner->crew, cores);
    pthread_mutex_unlock(&runner->mutex);
    mgi_wake_callers(worker);
    pthread_mutex_lock(&runner->mutex);
}

/* ---- threads that come ----------------------------------------------------------------------- */

/* One batch, if rows wait and a worker is idle. The mutex is held here and at the end. */
static bool mgi_workers_take_turn(mgi_runner *runner) {
    mgi_worker *worker = runner->idle;
    if (worker == NULL || runner->queue.waiting_rows == 0) return false;
    runner->idle = worker->next_idle;
    mgi_worker_turn(worker);
    worker->next_idle = runner->idle;
    runner->idle = worker;
    return true;
}

void mgi_workers_attend(mgi_task *task) {
    mgi_runner *runner = (mgi_runner *)((char *)task - offsetof(mgi_runner, task));
    pthread_mutex_lock(&runner->mutex);
    while (mgi_workers_take_turn(runner)) {
        if (runner->queue.waiting_rows == 0) break;
        if (mgi_crew_is_pressed(runner->crew, task)) break;
    }
    mgi_workers_wake(runner); /* for rows that are left because others press */
    pthread_mutex_unlock(&runner->mutex);
}

void mgi_workers_wake(mgi_runner *runner) {
    /* Where no worker is idle the busy ones take the rows in their turn. */
    if (runner->queue.waiting_rows == 0 || runner->idle == NULL) return;
    const mgi_load load = mgi_load_now(runner);
    uint32_t workers = mgi_sharers_of(&load, runner->whole_tokens);
    mgi_crew_call(runner->crew, &runner->task, workers, mgi_runner_patience(runner));
}

/* On a CPU a batch would run wherever the host's thread may, and leave libtorch's own threads
 * behind. */
static bool mgi_stand_in_helps(const mgi_runner *runner) {
    if (runner->on_cpu || runner->idle == NULL || runner->busy_workers > 0) return false;
    if (runner->calls > 1 || runner->queue.waiting_rows == 0) return false;
    const mgi_load load = mgi_load_now(runner);
    return runner->queue.waiting_tokens <= runner->batch_tokens &&
           mgi_sharers_of(&load, runner->whole_tokens) == 1;
}

bool mgi_workers_stand_in(mgi_runner *runner) {
    if (!mgi_stand_in_helps(runner)) return false;
    mgi_workers_take_turn(runner);
    mgi_workers_wake(runner); /* for rows that have come meanwhile */
    return true;
}

/* ---- life ------------------------------------------------------------------------------------ */

mgeo_status mgi_worker_init(mgi_worker *worker, mgi_runner *runner, unsigned number,
                            mgeo_error *error) {
    worker->runner = runner;
    worker->number = number;
    if (!mgi_batcher_init(&worker->batcher, runner->batch_tokens, runner->queue.capacity,
                          runner->any_length)) {
        return mgi_fail_memory(error, "a worker's batch", runner->batch_tokens);
    }
    size_t numbers = (size_t)worker->batcher.rows_most * runner->labels->count;
    worker->logits = mgi_calloc(numbers, sizeof *worker->logits);
    worker->wakes = mgi_calloc(worker->batcher.rows_most, sizeof *worker->wakes);
    if (worker->logits == NULL || worker->wakes == NULL) {
        return mgi_fail_memory(error, "a worker's logits", numbers * 4);
    }
    mgeo_status status = runner->backend->open_lane(runner->encoder, &worker->lane, error);
    if (status != MGEO_OK) return status;
    worker->next_idle = runner->idle;
    runner->idle = worker;
    return MGEO_OK;
}

void mgi_worker_finish(mgi_worker *worker) {
    if (worker->lane != NULL) worker->runner->backend->close_lane(worker->lane);
    mgi_batcher_finish(&worker->batcher);
    mgi_free(worker->wakes);
    mgi_free(worker->logits);
}
