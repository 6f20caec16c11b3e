/* SPDX-License-Identifier: Apache-2.0 */
/* Two lists under one mutex. */
#include "serve/scoring/queue.h"

#include <time.h>

#include "common/clock.h"

static void list_init(struct queue_list *list) {
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct queue_list *list, struct record *record) {
    record->next = NULL;
    *list->end = record;
    list->end = &record->next;
}

static struct record *list_pop(struct queue_list *list) {
    struct record *record = list->first;
    list->first = record->next;
    if (list->first == NULL) list->end = &list->first;
    record->next = NULL;
    return record;
}

void queue_init(struct queue *queue, size_t large_most) {
    pthread_condattr_t attributes;
    *queue = (struct queue){.large_most = large_most};
    list_init(&queue->small);
    list_init(&queue->large);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &attributes);
    pthread_condattr_destroy(&attributes);
}

void queue_finish(struct queue *queue) {
    pthread_mutex_destroy(&queue->mutex);
    pthread_cond_destroy(&queue->filled);
}

static size_t body_bytes(const struct record *record) {
    return http_exchange_request(record->exchange)->body_length;
}

bool queue_is_large(const struct record *record) { return body_bytes(record) > QUEUE_LARGE_BYTES; }

bool queue_put(struct queue *queue, struct record *record, size_t limit) {
    record->queued = clock_nanoseconds();
    pthread_mutex_lock(&queue->mutex);
    bool room = queue->count < limit;
    if (room) {
        list_add(queue_is_large(record) ? &queue->large : &queue->small, record);
        queue->count++;
        if (queue->idle > 0) pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->mutex);
    return room;
}

/* ---- taking: the mutex is held --------------------------------------------------------------- */

static bool may_take_large(const struct queue *queue) {
    return queue->large.first != NULL && queue->large_running < queue->large_most;
}

static bool is_ready(const struct queue *queue) {
    return queue->small.first != NULL || may_take_large(queue);
}

static void wait_for_any(struct queue *queue) {
    while (!queue->closed && !is_ready(queue)) {
        queue->idle++;
        pthread_cond_wait(&queue->filled, &queue->mutex);
        queue->idle--;
    }
}

/* Lets others join the first small one. */
static void wait_for_others(struct queue *queue, struct queue_wish wish) {
    while (wish.delay > 0 && !queue->hurried && queue->small.first != NULL &&
           queue->count < wish.most) {
        uint64_t until = queue->small.first->queued + wish.delay;
        struct timespec then = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)};
        if (clock_nanoseconds() >= until) return;
        queue->idle++;
        pthread_cond_timedwait(&queue->filled, &queue->mutex, &then);
        queue->idle--;
    }
}

static struct record *take_small(struct queue *queue, size_t most) {
    struct queue_list taken;
    size_t count = 0, bytes = 0;
    list_init(&taken);
    while (queue->small.first != NULL && count < most) {
        bytes += body_bytes(queue->small.first);
        if (count > 0 && bytes > QUEUE_BATCH_BYTES) break;
        list_add(&taken, list_pop(&queue->small));
        count++;
    }
    queue->count -= count;
    return taken.first;
}

static struct record *take_large(struct queue *queue) {
    queue->large_running++;
    queue->count--;
    return list_pop(&queue->large);
}

static struct record *take_any(struct queue *queue, struct queue_wish wish) {
    for (;;) {
        wait_for_any(queue);
        if (may_take_large(queue) && (queue->small.first == NULL ||
                                      queue->large.first->queued < queue->small.first->queued)) {
            return take_large(queue);
        }
        wait_for_others(queue, wish);
        if (queue->small.first != NULL) return take_small(queue, wish.most);
        if (may_take_large(queue)) return take_large(queue);
        if (queue->closed && queue->large.first == NULL) return NULL;
        if (queue->closed && !may_take_large(queue)) return NULL; /* who runs one takes the rest */
    }
}

struct record *queue_take(struct queue *queue, struct queue_wish wish) {
    pthread_mutex_lock(&queue->mutex);
    struct record *taken = take_any(queue, wish);
    if (is_ready(queue) && queue->idle > 0) pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
    uint64_t now = clock_nanoseconds();
    for (struct record *record = taken; record != NULL; record = record->next) record->taken = now;
    return taken;
}

void queue_large_done(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->large_running--;
    if (queue->idle > 0) pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static bool is_over(const struct record *record, uint64_t now) {
    return (record->deadline != 0 && now >= record->deadline) ||
           http_exchange_is_abandoned(record->exchange);
}

static size_t sweep_list(struct queue_list *list, struct queue_list *out, uint64_t now) {
    struct queue_list kept;
    size_t count = 0;
    list_init(&kept);
    while (list->first != NULL) {
        struct record *record = list_pop(list);
        bool over = is_over(record, now);
        list_add(over ? out : &kept, record);
        count += over;
    }
    list_init(list);
    while (kept.first != NULL) list_add(list, list_pop(&kept));
    return count;
}

struct record *queue_sweep(struct queue *queue, uint64_t now) {
    struct queue_list out;
    list_init(&out);
    pthread_mutex_lock(&queue->mutex);
    queue->count -= sweep_list(&queue->small, &out, now) + sweep_list(&queue->large, &out, now);
    pthread_mutex_unlock(&queue->mutex);
    return out.first;
}

size_t queue_count(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    size_t count = queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

void queue_hurry(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->hurried = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

void queue_close(struct queue *queue) {
    pthread_mutex_lock(&queue->mutex);
    queue->hurried = queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}
