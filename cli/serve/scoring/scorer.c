/* SPDX-License-Identifier: Apache-2.0 */
/* The threads, and the requests that each of them has in hand. */
#include "serve/scoring/scorer.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "http/answer.h"
#include "serve/meters.h"
#include "serve/scoring/batch.h"
#include "serve/scoring/queue.h"

enum { PAIR_TOKENS = 32, LEAST_TAKEN = 8, LEAST_THREADS = 8, MOST_THREADS = 32 };

struct worker {
    pthread_t thread;
    bool started;
    struct scorer *scorer;
    struct batch batch;
};

struct scorer {
    struct service *service;
    struct queue queue;
    struct worker *workers;
    unsigned count;
    atomic_uint_fast64_t steps; /* requests taken and answered so far */
    uint64_t steps_seen;        /* by scorer_is_alive */
};

/* ---- the threads ----------------------------------------------------------------------------- */

/* Calls of about as many pairs as the library computes at once: larger ones would leave some of its
 * threads idle at their end, while others wait here. */
static size_t fitting_count(const mgeo_model_info *info) {
    size_t count = info->batch_tokens / PAIR_TOKENS;
    if (count < LEAST_TAKEN) count = LEAST_TAKEN;
    return count < QUEUE_BATCH ? count : QUEUE_BATCH;
}

static struct record *take(struct worker *worker) {
    struct scorer *scorer = worker->scorer;
    const struct settings *settings = settings_hold(scorer->service->settings);
    const struct queue_wish wish = {.most = fitting_count(&worker->batch.info),
                                    .delay = (uint64_t)(settings->max_queue_delay * 1e9)};
    settings_release(scorer->service->settings, settings);
    return queue_take(&scorer->queue, wish);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct scorer *scorer = worker->scorer;
    struct record *first;
    while ((first = take(worker)) != NULL) {
        bool large = queue_is_large(first);
        atomic_fetch_add_explicit(&scorer->steps, 1, memory_order_relaxed);
        batch_run(&worker->batch, first);
        if (large) queue_large_done(&scorer->queue);
        atomic_fetch_add_explicit(&scorer->steps, 1, memory_order_relaxed);
    }
    return NULL;
}

/* They sleep in the library while it computes, so there are more of them than processors: as many
 * as keep rows waiting there while other threads of ours are answering. */
static unsigned usual_count(void) {
    cpu_set_t mine;
    unsigned processors = 1;
    if (sched_getaffinity(0, sizeof mine, &mine) == 0) processors = (unsigned)CPU_COUNT(&mine);
    unsigned count = 8 * processors;
    if (count < LEAST_THREADS) count = LEAST_THREADS;
    return count < MOST_THREADS ? count : MOST_THREADS;
}

static bool start(struct worker *worker, struct scorer *scorer) {
    worker->scorer = scorer;
    batch_init(&worker->batch, scorer->service);
    worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
    return worker->started;
}

bool scorer_create(struct service *service, unsigned count, struct error *error) {
    struct scorer *scorer = memory_zeroed(1, sizeof *scorer);
    if (count == 0) count = usual_count();
    scorer->service = service;
    scorer->count = count;
    scorer->workers = calloc(count, sizeof *scorer->workers); /* pages that are used when needed */
    if (scorer->workers == NULL) {
        free(scorer);
        return error_set(error, "--scorers %u: out of memory", count);
    }
    queue_init(&scorer->queue, count > 1 ? count - 1 : 1);
    service->scorer = scorer;
    for (unsigned i = 0; i < count; i++) {
        if (start(&scorer->workers[i], scorer)) continue;
        scorer_destroy(scorer);
        service->scorer = NULL;
        return error_set(error, "--scorers %u: the system starts only %u threads", count, i);
    }
    return true;
}

void scorer_destroy(struct scorer *scorer) {
    if (scorer == NULL) return;
    queue_close(&scorer->queue);
    for (unsigned i = 0; i < scorer->count; i++) {
        struct worker *worker = &scorer->workers[i];
        if (worker->started) pthread_join(worker->thread, NULL);
        if (worker->scorer != NULL) batch_finish(&worker->batch);
    }
    queue_finish(&scorer->queue);
    free(scorer->workers);
    free(scorer);
}

/* ---- requests -------------------------------------------------------------------------------- */

void scorer_put(struct scorer *scorer, struct record *record) {
    const struct settings *settings = settings_hold(scorer->service->settings);
    uint32_t limit = settings->max_queue;
    settings_release(scorer->service->settings, settings);
    if (queue_put(&scorer->queue, record, limit)) return;
    struct http_answer answer = {0};
    struct http_error error = {
        .status = 429, .code = "queue_full", .index = -1, .limit = limit, .retry_after = 1};
    meters_drop(scorer->service->meters, METERS_QUEUE_FULL);
    http_answer_error(&answer, &error, "%u requests wait already: try again in a second", limit);
    http_exchange_answer(record->exchange, &answer);
}

void scorer_sweep(struct scorer *scorer) {
    uint64_t now = clock_nanoseconds();
    struct record *next;
    for (struct record *record = queue_sweep(&scorer->queue, now); record != NULL; record = next) {
        next = record->next;
        atomic_fetch_add_explicit(&scorer->steps, 1, memory_order_relaxed);
        batch_drop(scorer->service, record);
    }
    for (unsigned i = 0; i < scorer->count; i++) batch_sweep(&scorer->workers[i].batch, now);
}

void scorer_hurry(struct scorer *scorer) { queue_hurry(&scorer->queue); }

size_t scorer_waiting(struct scorer *scorer) { return queue_count(&scorer->queue); }

bool scorer_is_alive(struct scorer *scorer) {
    uint64_t steps = atomic_load(&scorer->steps);
    bool alive = steps != scorer->steps_seen || queue_count(&scorer->queue) == 0;
    scorer->steps_seen = steps;
    return alive;
}
