/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's own way through a model: rows are encoded, batched and computed where they come. */
#define _GNU_SOURCE
#include "run/side_scorer.h"

#include "core/alloc.h"
#include "core/progress.h"
#include "core/thread.h"
#include "run/state.h"

#include <time.h>

enum { SIDE_QUEUE_ROWS = 64 }; /* encoded before they are computed */

struct mgi_side_scorer {
    mgi_runner *runner;
    mgi_lane *lane; /* NULL after a failure of the device, until it opens again */
    mgi_tokenizer_scratch *scratch;
    mgi_queue queue;
    mgi_queue_source source; /* of all rows in the queue */
    mgi_batcher batcher;
    float *logits; /* [rows_most * labels] */
    double seconds;
};

/* ---- life ------------------------------------------------------------------------------------ */

static bool allocate(mgi_side_scorer *solo) {
    const mgi_runner *runner = solo->runner;
    solo->scratch = mgi_tokenizer_scratch_create(runner->max_length);
    if (solo->scratch == NULL ||
        !mgi_queue_init(&solo->queue, SIDE_QUEUE_ROWS, runner->max_length) ||
        !mgi_batcher_init(&solo->batcher, runner->batch_tokens, SIDE_QUEUE_ROWS,
                          runner->mixed_lengths)) {
        return false;
    }
    size_t numbers = (size_t)solo->batcher.rows_most * runner->labels->count;
    solo->logits = mgi_calloc(numbers, sizeof *solo->logits);
    return solo->logits != NULL;
}

mgeo_status mgi_side_scorer_create(mgi_runner *runner, mgi_side_scorer **solo, mgeo_error *error) {
    *solo = NULL;
    mgi_side_scorer *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a lane beside the traffic", sizeof *made);
    made->runner = runner;
    mgeo_status status = MGEO_OK;
    if (!allocate(made)) {
        status = mgi_fail(error, MGEO_E_MEMORY,
                          "out of memory: a lane beside the traffic, %d rows of %u tokens",
                          SIDE_QUEUE_ROWS, runner->max_length);
    } else {
        status = runner->backend->open_lane(runner->encoder, &made->lane, error);
    }
    if (status != MGEO_OK) {
        mgi_side_scorer_destroy(made);
        return status;
    }
    *solo = made;
    return MGEO_OK;
}

void mgi_side_scorer_destroy(mgi_side_scorer *solo) {
    if (solo == NULL) return;
    if (solo->lane != NULL) solo->runner->backend->close_lane(solo->lane);
    mgi_free(solo->logits);
    mgi_batcher_finish(&solo->batcher);
    mgi_queue_finish(&solo->queue);
    mgi_tokenizer_scratch_destroy(solo->scratch);
    mgi_free(solo);
}

/* ---- one call -------------------------------------------------------------------------------- */

static double clock_now(const mgi_side_scorer *solo) {
    if (!solo->runner->on_cpu) return mgi_clock_now();
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void skip_row(mgeo_scores *scores, size_t index, uint32_t flags) {
    mgi_results_refuse_row(scores, index, flags | MGEO_ROW_SKIPPED);
    if (scores->bad_rows < UINT32_MAX) scores->bad_rows++;
}

/* Encodes pairs from `next` on until the queue is full; returns the first pair that is not. */
static size_t encode_pairs(mgi_side_scorer *solo, const mgeo_pair *pairs, size_t next, size_t count,
                           mgeo_scores *scores) {
    const mgi_tokenizer *tokenizer = mgi_model_tokenizer(solo->runner->model);
    uint32_t claimed;
    for (; next < count && solo->queue.free_count > 0; next++) {
        mgi_queue_row *row = mgi_queue_claim(&solo->queue, 1, &claimed);
        row->index = next;
        row->flags = mgi_tokenizer_encode(tokenizer, &pairs[next], solo->scratch, row->ids,
                                          row->types, &row->length);
        if (row->length > 0) {
            mgi_queue_put(&solo->queue, &solo->source, row);
            continue;
        }
        mgi_results_refuse_row(scores, next, row->flags);
        if (scores->bad_rows < UINT32_MAX) scores->bad_rows++;
        mgi_queue_release(&solo->queue, row);
    }
    return next;
}

static void write_results(mgi_side_scorer *solo, mgeo_scores *scores) {
    const mgi_labels *labels = solo->runner->labels;
    for (uint32_t row = 0; row < solo->batcher.batch.rows; row++) {
        mgi_batcher_entry *entry = &solo->batcher.entries[row];
        if ((entry->flags & MGEO_ROW_SKIPPED) != 0) {
            skip_row(scores, entry->index, entry->flags);
            continue;
        }
        scores->tokens += entry->length;
        mgi_results_write_row(labels, entry, solo->logits + (size_t)row * labels->count, scores);
        bool bad = (entry->flags & MGEO_ROW_NOT_FINITE) != 0;
        if (bad && scores->bad_rows < UINT32_MAX) scores->bad_rows++;
    }
}

/* All rows that wait: nobody will compute them. */
static void withdraw_rows(mgi_side_scorer *solo, mgeo_scores *scores) {
    mgi_queue_row *row;
    while ((row = solo->source.rows.first) != NULL) {
        mgi_queue_remove(&solo->queue, row);
        skip_row(scores, row->index, row->flags);
        mgi_queue_release(&solo->queue, row);
    }
}

/* Computes and answers all rows that wait. */
static mgeo_status run_batches(mgi_side_scorer *solo, mgeo_scores *scores, mgeo_error *error) {
    mgi_batcher *batcher = &solo->batcher;
    while (solo->queue.waiting_rows > 0) {
        mgeo_status status = mgi_progress_check(scores->progress, error);
        if (status == MGEO_OK) {
            mgi_batcher_fill(batcher, &solo->queue, batcher->batch_tokens);
            status = mgi_execute_batch(solo->runner, &solo->lane, batcher, 1, solo->logits, error);
            write_results(solo, scores);
        }
        if (status != MGEO_OK) {
            withdraw_rows(solo, scores);
            return status;
        }
    }
    return MGEO_OK;
}

mgeo_status mgi_side_scorer_score(mgi_side_scorer *solo, const mgeo_pair *pairs, size_t count,
                                  mgeo_scores *scores, mgeo_error *error) {
    double start = clock_now(solo);
    mgeo_status status = mgi_results_begin(solo->runner, scores, error);
    if (status != MGEO_OK) return status;
    size_t next = 0;
    while (next < count && status == MGEO_OK) {
        next = encode_pairs(solo, pairs, next, count, scores);
        status = run_batches(solo, scores, error);
    }
    for (; next < count; next++) skip_row(scores, next, 0);
    solo->seconds = clock_now(solo) - start;
    return status;
}

double mgi_side_scorer_seconds(const mgi_side_scorer *solo) { return solo->seconds; }
