/* SPDX-License-Identifier: Apache-2.0 */
/* One call from its texts to its results, in the caller's thread. */
#define _GNU_SOURCE
#include "core/clock.h"
#include "core/progress.h"
#include "run/call.h"
#include "run/queue_space.h"
#include "run/results.h"
#include "run/worker.h"

/* Encoded between two looks at the queue, so that workers start early, and claimed at a time, so
 * that a call larger than the queue does not keep a small one out. */
enum { CHUNK_ROWS = 32 };

/* Rows that a caller has claimed from the queue and fills. */
typedef struct row_chunk {
    mgi_queue_row *rows; /* still empty, chained by source_next */
    uint32_t filled;
    mgi_queue_row_list ready;
} row_chunk;

/* ---- rows in the queue; the mutex is held ---------------------------------------------------- */

static void publish_chunk(mgi_runner *runner, mgi_call *call, row_chunk *chunk, double now,
                          bool last) {
    for (mgi_queue_row *row = chunk->ready.first; row != NULL;) {
        mgi_queue_row *next = row->source_next;
        row->queued_at = now;
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

/* Takes the call's waiting rows out of the queue: they will not be computed. */
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
        if (mgi_call_is_over(call)) withdraw_rows(runner, call);
        if (call->open_rows > 0) mgi_call_wait(runner, call);
    }
}

/* ---- encoding; without the mutex ------------------------------------------------------------- */

/* Encodes pairs from `next` on into the chunk's rows; returns the first that did not fit. */
static size_t encode_chunk(const mgi_runner *runner, mgi_call *call, row_chunk *chunk,
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

/* Queues a row for each pair; returns the first pair that was left out, as the call was over. The
 * mutex is held on entry and on return, but not while pairs are encoded. */
static size_t queue_rows(mgi_runner *runner, mgi_call *call, const mgeo_pair *pairs, size_t count) {
    size_t next = 0;
    while (next < count) {
        uint32_t max_rows = count - next < CHUNK_ROWS ? (uint32_t)(count - next) : CHUNK_ROWS;
        row_chunk chunk = {.rows = mgi_queue_space_claim(runner, call, max_rows)};
        if (chunk.rows == NULL) break;
        mgi_lock_release(&runner->mutex);
        next = encode_chunk(runner, call, &chunk, pairs, next, count);
        double now = mgi_clock_now();
        mgi_lock_acquire(&runner->mutex);
        publish_chunk(runner, call, &chunk, now, next == count);
    }
    return next;
}

/* All rows are closed: no other thread uses the call any more. */
static mgeo_status conclude_call(mgi_runner *runner, mgi_call *call, size_t count,
                                 mgeo_error *error) {
    mgeo_scores *scores = call->scores;
    uint64_t not_computed = call->refused_rows + call->skipped_rows;
    uint64_t bad = not_computed + call->failed_rows;
    mgi_counters_add(runner->counters, call->stripe, MGI_COUNT_ROWS_BAD, not_computed);
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
    size_t queued = queue_rows(runner, call, pairs, count);
    call->skipped_rows += count - queued;
    await_rows(runner, call);
    mgeo_status status = conclude_call(runner, call, count, error);
    mgi_call_end(runner, call);
    mgi_lock_release(&runner->mutex);
    skip_rows(scores, queued, count);
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
    mgeo_status status = mgi_results_begin(runner->labels, scores, error);
    if (status == MGEO_OK) {
        status = score_rows(runner, pairs, count, scores, &stripe, error);
    }
    count_call(runner, stripe, mgi_clock_now() - start, status);
    return status;
}
