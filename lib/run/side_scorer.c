/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring in the calling thread alone: rows are encoded, batched and computed there. */
#define _GNU_SOURCE
#include "run/side_scorer.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/progress.h"
#include "run/execute.h"
#include "run/results.h"
#include "run/state.h"

#include <time.h>

enum { QUEUE_ROWS = 64 }; /* encoded before they are computed */

struct mgi_side_scorer {
    mgi_runner *runner;
    mgi_lane *lane; /* NULL after a failure of the device, until it opens again */
    mgi_tokenizer_scratch *scratch;
    mgi_queue queue;
    mgi_queue_source source; /* of all rows in the queue */
    mgi_batcher batcher;
    float *logits; /* [max_rows * labels] */
    double seconds;
};

/* ---- life ------------------------------------------------------------------------------------ */

static bool allocate_parts(mgi_side_scorer *scorer) {
    const mgi_runner *runner = scorer->runner;
    scorer->scratch = mgi_tokenizer_scratch_create(runner->max_length);
    if (scorer->scratch == NULL ||
        !mgi_queue_init(&scorer->queue, QUEUE_ROWS, runner->max_length) ||
        !mgi_batcher_init(&scorer->batcher, runner->batch_tokens, QUEUE_ROWS,
                          runner->mixed_lengths)) {
        return false;
    }
    size_t numbers = (size_t)scorer->batcher.max_rows * runner->labels->count;
    scorer->logits = mgi_calloc(numbers, sizeof *scorer->logits);
    return scorer->logits != NULL;
}

mgeo_status mgi_side_scorer_create(mgi_runner *runner, mgi_side_scorer **scorer,
                                   mgeo_error *error) {
    *scorer = NULL;
    mgi_side_scorer *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a lane beside the traffic", sizeof *made);
    made->runner = runner;
    mgeo_status status = MGEO_OK;
    if (!allocate_parts(made)) {
        status = mgi_fail(error, MGEO_E_MEMORY,
                          "out of memory: a lane beside the traffic, %d rows of %u tokens",
                          QUEUE_ROWS, runner->max_length);
    } else {
        status = runner->backend->open_lane(runner->encoder, &made->lane, error);
    }
    if (status != MGEO_OK) {
        mgi_side_scorer_destroy(made);
        return status;
    }
    *scorer = made;
    return MGEO_OK;
}

void mgi_side_scorer_destroy(mgi_side_scorer *scorer) {
    if (scorer == NULL) return;
    if (scorer->lane != NULL) scorer->runner->backend->close_lane(scorer->lane);
    mgi_free(scorer->logits);
    mgi_batcher_finish(&scorer->batcher);
    mgi_queue_finish(&scorer->queue);
    mgi_tokenizer_scratch_destroy(scorer->scratch);
    mgi_free(scorer);
}

/* ---- one call -------------------------------------------------------------------------------- */

/* In seconds: see mgi_side_scorer_seconds. */
static double work_clock(const mgi_side_scorer *scorer) {
    if (!scorer->runner->on_cpu) return mgi_clock_now();
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void count_bad_row(mgeo_scores *scores) {
    if (scores->bad_rows < UINT32_MAX) scores->bad_rows++;
}

static void skip_row(mgeo_scores *scores, size_t index, uint32_t flags) {
    mgi_results_refuse_row(scores, index, flags | MGEO_ROW_SKIPPED);
    count_bad_row(scores);
}

/* Encodes pairs from `next` on until the queue is full; returns the first that did not fit. */
static size_t encode_pairs(mgi_side_scorer *scorer, const mgeo_pair *pairs, size_t next,
                           size_t count, mgeo_scores *scores) {
    const mgi_tokenizer *tokenizer = mgi_model_tokenizer(scorer->runner->model);
    uint32_t claimed;
    for (; next < count && scorer->queue.free_count > 0; next++) {
        mgi_queue_row *row = mgi_queue_claim(&scorer->queue, 1, &claimed);
        row->index = next;
        row->flags = mgi_tokenizer_encode(tokenizer, &pairs[next], scorer->scratch, row->ids,
                                          row->types, &row->length);
        if (row->length > 0) {
            mgi_queue_put(&scorer->queue, &scorer->source, row);
            continue;
        }
        mgi_results_refuse_row(scores, next, row->flags);
        count_bad_row(scores);
        mgi_queue_release(&scorer->queue, row);
    }
    return next;
}

static void write_results(mgi_side_scorer *scorer, mgeo_scores *scores) {
    const mgi_labels *labels = scorer->runner->labels;
    for (uint32_t row = 0; row < scorer->batcher.batch.rows; row++) {
        mgi_batcher_entry *entry = &scorer->batcher.entries[row];
        if ((entry->flags & MGEO_ROW_SKIPPED) != 0) {
            skip_row(scores, entry->index, entry->flags);
            continue;
        }
        scores->tokens += entry->length;
        mgi_results_write_row(labels, entry, scorer->logits + (size_t)row * labels->count, scores);
        if ((entry->flags & MGEO_ROW_NOT_FINITE) != 0) count_bad_row(scores);
    }
}

/* Takes all waiting rows out of the queue: they will not be computed. */
static void withdraw_rows(mgi_side_scorer *scorer, mgeo_scores *scores) {
    mgi_queue_row *row;
    while ((row = scorer->source.rows.first) != NULL) {
        mgi_queue_remove(&scorer->queue, row);
        skip_row(scores, row->index, row->flags);
        mgi_queue_release(&scorer->queue, row);
    }
}

/* Computes all waiting rows and writes their results. */
static mgeo_status run_batches(mgi_side_scorer *scorer, mgeo_scores *scores, mgeo_error *error) {
    mgi_batcher *batcher = &scorer->batcher;
    mgi_team alone = {.cores = 1};
    while (scorer->queue.waiting_rows > 0) {
        mgeo_status status = mgi_progress_check(scores->progress, error);
        if (status == MGEO_OK) {
            mgi_batcher_fill(batcher, &scorer->queue, batcher->batch_tokens);
            status = mgi_execute_batch(scorer->runner, &scorer->lane, batcher, &alone,
                                       scorer->logits, error);
            write_results(scorer, scores);
        }
        if (status != MGEO_OK) {
            withdraw_rows(scorer, scores);
            return status;
        }
    }
    return MGEO_OK;
}

mgeo_status mgi_side_scorer_score(mgi_side_scorer *scorer, const mgeo_pair *pairs, size_t count,
                                  mgeo_scores *scores, mgeo_error *error) {
    double start = work_clock(scorer);
    mgeo_status status = mgi_results_begin(scorer->runner->labels, scores, error);
    if (status != MGEO_OK) return status;
    scores->tokens = 0;
    scores->bad_rows = 0;
    size_t next = 0;
    while (next < count && status == MGEO_OK) {
        next = encode_pairs(scorer, pairs, next, count, scores);
        status = run_batches(scorer, scores, error);
    }
    for (; next < count; next++) skip_row(scores, next, 0);
    scorer->seconds = work_clock(scorer) - start;
    return status;
}

double mgi_side_scorer_seconds(const mgi_side_scorer *scorer) { return scorer->seconds; }
