/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of chunks: the reader fills, two scorers score, the caller takes them out in order. */
#include "score/pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/interrupt.h"
#include "common/memory.h"
#include "scoring/repeats.h"
#include "scoring/scorer.h"

enum { RING_SLOTS = 4, SCORERS = 2, THREADS = SCORERS + 1 };

/* A chunk takes about this long to score, so that output and progress flow on slow models and
 * batches are full on fast ones. */
static const double target_seconds = 0.5;
enum { FIRST_ROWS = 256, LEAST_ROWS = 32, MOST_ROWS = 8192 };

struct ring_slot {
    struct chunk chunk;
    bool scored, failed;
    struct error error;
};

/* Chunk k lies in places[k % RING]. released <= taken_out; all four counts only grow. */
struct pipeline {
    struct selection *selection;
    mgeo_job *job; /* one model for the whole run */
    size_t labels;
    struct repeats *repeats; /* marked by the reader, filled as chunks are handed out */
    struct pipeline_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct ring_slot ring[RING_SLOTS];
    uint64_t filled, begun, handed_out, released; /* chunks */
    bool read_all, read_failed, stopping;
    struct error read_error;
    size_t rows;      /* of the next chunk */
    unsigned scorers; /* that have started */
    pthread_t threads[THREADS];
    unsigned started;
};

static void change(struct pipeline *pipeline) { pthread_cond_broadcast(&pipeline->changed); }

/* Waits for a free place. NULL: stopping. */
static struct ring_slot *wait_free(struct pipeline *pipeline, size_t *rows) {
    pthread_mutex_lock(&pipeline->lock);
    while (!pipeline->stopping && pipeline->filled - pipeline->released == RING_SLOTS) {
        pthread_cond_wait(&pipeline->changed, &pipeline->lock);
    }
    bool stopping = pipeline->stopping;
    *rows = pipeline->rows;
    pthread_mutex_unlock(&pipeline->lock);
    return stopping ? NULL : &pipeline->ring[pipeline->filled % RING_SLOTS];
}

/* Reads the rows that were answered before, in a place of the ring that waits for others. Their
 * pairs get the numbers again that they had then. False on failure. */
static bool pass_over(struct pipeline *pipeline) {
    struct chunk *chunk = &pipeline->ring[0].chunk;
    for (uint64_t left = pipeline->options.skip; left > 0; left -= chunk->count) {
        size_t rows = left < MOST_ROWS ? (size_t)left : MOST_ROWS;
        chunk_clear(chunk);
        int got = selection_fill(pipeline->selection, chunk, rows, &pipeline->read_error);
        if (got < 0) return false;
        if (got == 0) break;
        repeats_mark(pipeline->repeats, chunk);
    }
    return repeats_numbered(pipeline->repeats) == repeats_answered(pipeline->repeats) ||
           error_set(&pipeline->read_error, "the rows that were answered before have changed "
                                            "while they were read again");
}

static void *read_chunks(void *opaque) {
    struct pipeline *pipeline = opaque;
    interrupt_leave_to_main();
    int got = pipeline->options.skip > 0 && !pass_over(pipeline) ? -1 : 1;
    if (got < 0) {
        pthread_mutex_lock(&pipeline->lock);
        pipeline->read_all = pipeline->read_failed = true;
        change(pipeline);
        pthread_mutex_unlock(&pipeline->lock);
    }
    while (got > 0) {
        size_t rows;
        struct ring_slot *slot = wait_free(pipeline, &rows);
        if (slot == NULL) break;
        chunk_clear(&slot->chunk);
        slot->scored = slot->failed = false;
        got = selection_fill(pipeline->selection, &slot->chunk, rows, &pipeline->read_error);
        if (got > 0) repeats_mark(pipeline->repeats, &slot->chunk);
        pthread_mutex_lock(&pipeline->lock);
        if (got > 0) pipeline->filled++;
        pipeline->read_all = got <= 0;
        pipeline->read_failed = got < 0;
        change(pipeline);
        pthread_mutex_unlock(&pipeline->lock);
    }
    return NULL;
}

/* Waits for a chunk that no scorer has taken. NULL: none will come. */
static struct ring_slot *wait_filled(struct pipeline *pipeline) {
    pthread_mutex_lock(&pipeline->lock);
    while (!pipeline->stopping && !pipeline->read_all && pipeline->begun == pipeline->filled) {
        pthread_cond_wait(&pipeline->changed, &pipeline->lock);
    }
    struct ring_slot *slot = NULL;
    if (!pipeline->stopping && pipeline->begun < pipeline->filled) {
        slot = &pipeline->ring[pipeline->begun++ % RING_SLOTS];
    }
    pthread_mutex_unlock(&pipeline->lock);
    return slot;
}

static size_t next_rows(const struct chunk *chunk) {
    if (chunk->seconds <= 0) return MOST_ROWS;
    double wanted = (double)chunk->count * target_seconds / chunk->seconds;
    double most = (double)chunk->count * 4; /* one quick chunk does not make the next one huge */
    if (wanted > most) wanted = most;
    if (wanted > MOST_ROWS) return MOST_ROWS;
    return wanted < LEAST_ROWS ? LEAST_ROWS : (size_t)wanted;
}

static void *score_chunks(void *opaque) {
    struct pipeline *pipeline = opaque;
    interrupt_leave_to_main();
    pthread_mutex_lock(&pipeline->lock);
    unsigned number = pipeline->scorers++;
    pthread_mutex_unlock(&pipeline->lock);
    struct scorer scorer;
    scorer_init(&scorer, pipeline->job, pipeline->options.cascade, pipeline->labels, number);
    struct ring_slot *slot;
    while ((slot = wait_filled(pipeline)) != NULL) {
        bool done = scorer_run(&scorer, &slot->chunk, &slot->error);
        pthread_mutex_lock(&pipeline->lock);
        slot->failed = !done;
        slot->scored = true;
        if (done && pipeline->options.rows == 0) pipeline->rows = next_rows(&slot->chunk);
        change(pipeline);
        pthread_mutex_unlock(&pipeline->lock);
    }
    scorer_finish(&scorer);
    return NULL;
}

static bool start_threads(struct pipeline *pipeline) {
    while (pipeline->started < THREADS) {
        void *(*body)(void *) = pipeline->started == 0 ? read_chunks : score_chunks;
        if (pthread_create(&pipeline->threads[pipeline->started], NULL, body, pipeline) != 0) {
            return false;
        }
        pipeline->started++;
    }
    return true;
}

struct pipeline *pipeline_start(struct selection *selection, mgeo_job *job, struct repeats *repeats,
                                size_t labels, const struct pipeline_options *options,
                                struct error *error) {
    struct pipeline *started = memory_zeroed(1, sizeof *started);
    started->selection = selection;
    started->job = job;
    started->labels = labels;
    started->repeats = repeats;
    started->options = *options;
    started->rows = options->rows > 0 ? options->rows : FIRST_ROWS;
    pthread_mutex_init(&started->lock, NULL);
    pthread_cond_init(&started->changed, NULL);
    for (unsigned i = 0; i < RING_SLOTS; i++) chunk_init(&started->ring[i].chunk, labels);
    if (start_threads(started)) return started;
    error_set(error, "cannot start threads; is the limit on processes reached (ulimit -u)?");
    pipeline_stop(started);
    return NULL;
}

int pipeline_next(struct pipeline *pipeline, struct chunk **chunk, struct error *error) {
    pthread_mutex_lock(&pipeline->lock);
    struct ring_slot *slot = &pipeline->ring[pipeline->handed_out % RING_SLOTS];
    while (!(pipeline->handed_out < pipeline->filled && slot->scored) &&
           !(pipeline->read_all && pipeline->handed_out == pipeline->filled)) {
        pthread_cond_wait(&pipeline->changed, &pipeline->lock);
    }
    int answer = 1;
    if (pipeline->handed_out == pipeline->filled) {
        answer = pipeline->read_failed ? -1 : 0;
        if (answer < 0) *error = pipeline->read_error;
    } else if (slot->failed) {
        answer = -1;
        *error = slot->error;
    } else {
        pipeline->handed_out++;
        *chunk = &slot->chunk;
    }
    pthread_mutex_unlock(&pipeline->lock);
    if (answer > 0) repeats_fill(pipeline->repeats, *chunk);
    return answer;
}

void pipeline_release(struct pipeline *pipeline) {
    pthread_mutex_lock(&pipeline->lock);
    pipeline->released++;
    change(pipeline);
    pthread_mutex_unlock(&pipeline->lock);
}

void pipeline_stop(struct pipeline *pipeline) {
    if (pipeline == NULL) return;
    pthread_mutex_lock(&pipeline->lock);
    pipeline->stopping = true;
    change(pipeline);
    pthread_mutex_unlock(&pipeline->lock);
    interrupt_stop();
    for (unsigned i = 0; i < pipeline->started; i++) pthread_join(pipeline->threads[i], NULL);
    for (unsigned i = 0; i < RING_SLOTS; i++) chunk_finish(&pipeline->ring[i].chunk);
    pthread_cond_destroy(&pipeline->changed);
    pthread_mutex_destroy(&pipeline->lock);
    free(pipeline);
}
