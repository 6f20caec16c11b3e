/* SPDX-License-Identifier: Apache-2.0 */
/* One call from its texts to its answers, in the caller's thread. */
#define _GNU_SOURCE
#include "core/progress.h"
#include "core/thread.h"
#include "run/state.h"

enum { CHUNK_ROWS = 32 }; /* encoded between two looks at the queue: workers start early */

/* Seconds: how often a waiting caller looks whether it was cancelled. */
static const double cancel_poll = 0.01;

/* Rows that a caller has claimed from the queue and fills. */
typedef struct row_chunk {
    mgi_queue_row *rows; /* chained by source_next */
    uint32_t filled;
    mgi_queue_row_list ready;
} row_chunk;

/* ---- waiting; the mutex is held -------------------------------------------------------------- */

static bool call_is_over(const mgi_call *call) {
    return call->status != MGEO_OK || mgi_progress_cancelled(call->scores->progress);
}

static void call_wait(mgi_runner *runner, mgi_call *call) {
    if (call->scores->progress == NULL) {
        mgi_lock_wait(&runner->mutex, &call->wake);
        return;
    }
    mgi_lock_wait_until(&runner->mutex, &call->wake, mgi_clock_now() + cancel_poll);
}

static void queue_space_join(mgi_runner *runner, mgi_call *call) {
    call->next = NULL;
    *(runner->space_last == NULL ? &runner->space_first : &runner->space_last->next) = call;
    runner->space_last = call;
}

static void queue_space_leave(mgi_runner *runner, mgi_call *call) {
    mgi_call *before = NULL;
    for (mgi_call *at = runner->space_first; at != NULL && at != call; at = at->next) before = at;
    *(before == NULL ? &runner->space_first : &before->next) = call->next;
    if (runner->space_last == call) runner->space_last = before;
}

void mgi_queue_space_signal(mgi_runner *runner) {
    if (runner->space_first != NULL && runner->queue.free_count > 0) {
        pthread_cond_signal(&runner->space_first->wake);
    }
}

/* Callers are served in the order they came, each a chunk at a time, so that a call larger than
 * the queue cannot keep a small one out. */
static mgi_queue_row *queue_space_claim(mgi_runner *runner, mgi_call *call, size_t rows_left) {
    uint32_t most = rows_left < CHUNK_ROWS ? (uint32_t)rows_left : CHUNK_ROWS;
    uint32_t count = 0;
    if (runner->space_first != NULL || runner->queue.free_count == 0) {
        queue_space_join(runner, call);
        while (!call_is_over(call) &&
               (runner->space_first != call || runner->queue.free_count == 0)) {
            call_wait(runner, call);
        }
        queue_space_leave(runner, call);
    }
    mgi_queue_row *rows = NULL;
    if (!call_is_over(call)) rows = mgi_queue_claim(&runner->queue, most, &count);
    mgi_queue_space_signal(runner);
    return rows;
}

static void chunk_publish(mgi_runner *runner, mgi_call *call, row_chunk *chunk, double now,
                          bool last) {
    for (mgi_queue_row *row = chunk->ready.first; row != NULL;) {
        mgi_queue_row *next = row->source_next;
        row->since = now;
        mgi_queue_put(&runner->queue, &call->source, row);
        row = next;
    }
    call->open_rows += chunk->filled;
    for (mgi_queue_row *row = chunk->rows; row != NULL;) {
        mgi_queue_row *next = row->source_next;
        mgi_queue_release(&runner->queue, row);
        row = next;
    }
    mgi_queue_space_signal(runner);
    if (!(last && mgi_worker_run_inline(runner))) mgi_worker_request_threads(runner);
}

/* Takes the call's waiting rows back: nobody will compute them. */
static void withdraw_rows(mgi_runner *runner, mgi_call *call) {
    mgi_queue_row *row;
    while ((row = call->source.rows.first) != NULL) {
        mgi_queue_remove(&runner->queue, row);
        mgi_results_refuse_row(call->scores, row->index, row->flags | MGEO_ROW_SKIPPED);
        mgi_queue_release(&runner->queue, row);
        call->open_rows--;
        call->skipped_rows++;
    }
    mgi_queue_space_signal(runner);
}

/* Waits until no worker holds a row of the call, so that none writes to the caller's arrays. */
static void await_rows(mgi_runner *runner, mgi_call *call) {
    while (call->open_rows > 0) {
        if (call_is_over(call)) withdraw_rows(runner, call);
        if (call->open_rows > 0) call_wait(runner, call);
    }
}

/* ---- encoding; without the mutex ------------------------------------------------------------- */

/* Encodes pairs from `next` on into the chunk's rows; returns the first pair that is not. */
static size_t chunk_encode(const mgi_runner *runner, mgi_call *call, row_chunk *chunk,
                           const mgeo_pair *pairs, size_t next, size_t count) {
    const mgi_tokenizer *tokenizer = mgi_model_tokenizer(runner->model);
    uint64_t bad = 0;
    for (; next < count && chunk->rows != NULL; next++) {
        mgi_queue_row *row = chunk->rows;
        row->flags = mgi_tokenizer_encode(tokenizer, &pairs[next], call->scratch, row->ids,
                                          row->types, &row->length);
        if (row->length == 0) {
            mgi_results_refuse_row(call->scores, next, row->flags);
            bad++;
            continue;
        }
        chunk->rows = row->source_next;
        row->index = next;
        row->source_next = NULL;
        *(chunk->ready.last == NULL ? &chunk->ready.first : &chunk->ready.last->source_next) = row;
        chunk->ready.last = row;
        chunk->filled++;
    }
    mgi_progress_add(call->scores->progress, bad);
    call->refused_rows += bad;
    return next;
}

/* ---- the call -------------------------------------------------------------------------------- */

/* Returns the first pair that was not brought. The mutex is held here and at the end, but not while
 * pairs are encoded. */
static size_t feed_rows(mgi_runner *runner, mgi_call *call, const mgeo_pair *pairs, size_t count) {
    size_t next = 0;
    while (next < count) {
        row_chunk chunk = {.rows = queue_space_claim(runner, call, count - next)};
        if (chunk.rows == NULL) break;
        mgi_lock_release(&runner->mutex);
        next = chunk_encode(runner, call, &chunk, pairs, next, count);
        double now = mgi_clock_now();
        mgi_lock_acquire(&runner->mutex);
        chunk_publish(runner, call, &chunk, now, next == count);
    }
    return next;
}

/* All rows are closed: nobody else looks at the call any more. */
static mgeo_status conclude_call(mgi_runner *runner, mgi_call *call, size_t count,
                                 mgeo_error *error) {
    mgeo_scores *scores = call->scores;
    uint64_t unworked = call->refused_rows + call->skipped_rows;
    uint64_t bad = unworked + call->failed_rows;
    mgi_counters_add(runner->counters, call->stripe, MGI_COUNT_ROWS_BAD, unworked);
    scores->tokens = call->tokens;
    scores->bad_rows = bad < UINT32_MAX ? (uint32_t)bad : UINT32_MAX;
    if (call->status != MGEO_OK) {
        return mgi_fail(error, call->status, "%s", call->failure.message);
    }
    if (call->skipped_rows > 0) return mgi_progress_check(scores->progress, error);
    mgi_progress_stage(scores->progress, MGEO_STAGE_FINISHED, count);
    mgi_progress_add(scores->progress, count);
    return MGEO_OK;
}

static void skip_rows(mgeo_scores *scores, size_t first, size_t count) {
    for (size_t i = first; i < count; i++) mgi_results_refuse_row(scores, i, MGEO_ROW_SKIPPED);
}

static mgeo_status refuse_call(mgeo_scores *scores, size_t count, mgeo_error *error) {
    skip_rows(scores, 0, count);
    scores->bad_rows = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
    return mgi_fail_memory(error, "one more caller", sizeof(mgi_call));
}

static mgeo_status score_rows(mgi_runner *runner, const mgeo_pair *pairs, size_t count,
                              mgeo_scores *scores, unsigned *stripe, mgeo_error *error) {
    mgi_lock_acquire(&runner->mutex);
    mgi_call *call = mgi_call_begin(runner, scores);
    if (call == NULL) {
        mgi_lock_release(&runner->mutex);
        return refuse_call(scores, count, error);
    }
    *stripe = call->stripe;
    mgi_progress_stage(scores->progress, MGEO_STAGE_SCORING, count);
    size_t brought = feed_rows(runner, call, pairs, count);
    call->skipped_rows += count - brought;
    await_rows(runner, call);
    mgeo_status status = conclude_call(runner, call, count, error);
    mgi_call_end(runner, call);
    mgi_lock_release(&runner->mutex);
    skip_rows(scores, brought, count);
    return status;
}

static void count_call(mgi_runner *runner, unsigned stripe, double seconds, mgeo_status status) {
    uint64_t nanoseconds = mgi_counters_nanoseconds(seconds);
    mgi_counters_time(runner->counters, stripe, MGI_TIME_CALLS, nanoseconds, 1);
    mgi_counters_raise(runner->counters, stripe, MGI_COUNT_CALL_NANOSECONDS_MAX, nanoseconds);
    if (status == MGEO_OK) return;
    mgi_counters_add(runner->counters, stripe, (mgi_counter)(MGI_COUNT_FAILED_BY + status), 1);
}

mgeo_status mgi_runner_score(mgi_runner *runner, double start, const mgeo_pair *pairs, size_t count,
                             mgeo_scores *scores, mgeo_error *error) {
    unsigned stripe = 0;
    mgeo_status status = mgi_results_begin(runner, scores, error);
    if (status == MGEO_OK) {
        status = score_rows(runner, pairs, count, scores, &stripe, error);
    }
    count_call(runner, stripe, mgi_clock_now() - start, status);
    return status;
}
