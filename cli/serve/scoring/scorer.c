/* SPDX-License-Identifier: Apache-2.0 */
/* The threads, and the requests that each of them has in hand. */
#include "serve/scoring/scorer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "http/answer.h"
#include "serve/meters.h"
#include "serve/scoring/batch.h"
#include "serve/scoring/queue.h"

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

static uint64_t queue_delay(const struct service *service) {
    const struct settings *settings = settings_hold(service->settings);
    uint64_t delay = (uint64_t)(settings->max_queue_delay * 1e9);
    settings_release(service->settings, settings);
    return delay;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct scorer *scorer = worker->scorer;
    struct record *first;
    while ((first = queue_take(&scorer->queue, queue_delay(scorer->service))) != NULL) {
        bool large = queue_is_large(first);
        atomic_fetch_add_explicit(&scorer->steps, 1, memory_order_relaxed);
        batch_run(&worker->batch, first);
        if (large) queue_large_done(&scorer->queue);
        atomic_fetch_add_explicit(&scorer->steps, 1, memory_order_relaxed);
    }
    return NULL;
}

/* One waits for the library while others read and write; more only switch. */
static unsigned usual_count(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = processors > 0 ? 2 * (unsigned)processors : 2;
    return count > 4 ? 4 : count;
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
    scorer->workers = memory_zeroed(count, sizeof *scorer->workers);
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
