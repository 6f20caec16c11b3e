/* SPDX-License-Identifier: Apache-2.0 */
/* Item k lies in slot k % RING_SLOTS, and knows how many stages it has passed. */
#include "match/search/ring.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/interrupt.h"
#include "common/memory.h"

struct slot {
    void *item;
    size_t passed; /* stages */
    bool failed;
    struct error error;
};

struct worker {
    struct ring *ring;
    size_t stage;
    unsigned number;
    pthread_t thread;
};

/* released <= handed_out <= begun[last stage] <= … <= begun[0]; all only grow. */
struct ring {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot slots[RING_SLOTS];
    struct ring_stage stages[RING_STAGES];
    size_t stage_count;
    uint64_t begun[RING_STAGES]; /* items that a stage has taken */
    uint64_t filled;             /* items there are */
    uint64_t handed_out, released;
    bool filled_all, stopping;
    struct worker workers[RING_STAGES * RING_WORKERS];
    size_t started;
};

static struct slot *slot_of(struct ring *ring, uint64_t item) {
    return &ring->slots[item % RING_SLOTS];
}

/* The lock is held. Whether the stage can take its next item, and whether none will come. */
static bool can_begin(struct ring *ring, size_t stage) {
    uint64_t next = ring->begun[stage];
    if (stage == 0) return next - ring->released < RING_SLOTS;
    return next < ring->filled && slot_of(ring, next)->passed == stage;
}

static bool is_over(const struct ring *ring, size_t stage) {
    if (ring->stopping) return true;
    return ring->filled_all && (stage == 0 || ring->begun[stage] == ring->filled);
}

/* NULL: there is nothing more to do. */
static struct slot *take(struct ring *ring, size_t stage) {
    struct slot *slot = NULL;
    pthread_mutex_lock(&ring->lock);
    while (!is_over(ring, stage) && !can_begin(ring, stage)) {
        pthread_cond_wait(&ring->changed, &ring->lock);
    }
    if (!is_over(ring, stage)) slot = slot_of(ring, ring->begun[stage]++);
    pthread_mutex_unlock(&ring->lock);
    return slot;
}

/* An item that failed passes the stages that are left untouched; after one, no other is filled. */
static void give(struct ring *ring, size_t stage, struct slot *slot, int got) {
    pthread_mutex_lock(&ring->lock);
    if (got < 0) slot->failed = true;
    if (stage == 0) {
        ring->filled_all = ring->filled_all || got <= 0;
        if (got != 0) ring->filled++;
    }
    slot->passed = stage + 1;
    pthread_cond_broadcast(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
}

static void *work(void *opaque) {
    struct worker *worker = opaque;
    struct ring *ring = worker->ring;
    const struct ring_stage *stage = &ring->stages[worker->stage];
    struct slot *slot;
    interrupt_leave_to_main();
    while ((slot = take(ring, worker->stage)) != NULL) {
        int got = 1;
        if (worker->stage == 0) slot->failed = false;
        if (!slot->failed) {
            got = stage->run(stage->opaque, worker->number, slot->item, &slot->error);
        }
        give(ring, worker->stage, slot, got);
        if (worker->stage == 0 && got <= 0) break;
    }
    return NULL;
}

static bool start_threads(struct ring *ring) {
    for (size_t i = 0; i < ring->stage_count; i++) {
        for (unsigned j = 0; j < ring->stages[i].workers; j++) {
            struct worker *worker = &ring->workers[ring->started];
            *worker = (struct worker){.ring = ring, .stage = i, .number = j};
            if (pthread_create(&worker->thread, NULL, work, worker) != 0) return false;
            ring->started++;
        }
    }
    return true;
}

struct ring *ring_start(void *const *items, const struct ring_stage *stages, size_t count,
                        struct error *error) {
    struct ring *started = memory_zeroed(1, sizeof *started);
    pthread_mutex_init(&started->lock, NULL);
    pthread_cond_init(&started->changed, NULL);
    for (size_t i = 0; i < RING_SLOTS; i++) started->slots[i].item = items[i];
    for (size_t i = 0; i < count; i++) started->stages[i] = stages[i];
    started->stage_count = count;
    if (start_threads(started)) return started;
    error_set(error, "cannot start threads; is the limit on processes reached (ulimit -u)?");
    ring_stop(started);
    return NULL;
}

int ring_next(struct ring *ring, void **item, struct error *error) {
    int answer = 1;
    pthread_mutex_lock(&ring->lock);
    struct slot *slot = slot_of(ring, ring->handed_out);
    while (!(ring->handed_out < ring->filled && slot->passed == ring->stage_count) &&
           !(ring->filled_all && ring->handed_out == ring->filled)) {
        pthread_cond_wait(&ring->changed, &ring->lock);
    }
    if (ring->handed_out == ring->filled) {
        answer = 0;
    } else if (slot->failed) {
        answer = -1;
        *error = slot->error;
    } else {
        ring->handed_out++;
        *item = slot->item;
    }
    pthread_mutex_unlock(&ring->lock);
    return answer;
}

void ring_release(struct ring *ring) {
    pthread_mutex_lock(&ring->lock);
    slot_of(ring, ring->released)->passed = 0;
    ring->released++;
    pthread_cond_broadcast(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
}

void ring_stop(struct ring *ring) {
    if (ring == NULL) return;
    pthread_mutex_lock(&ring->lock);
    bool ended = ring->filled_all && ring->handed_out == ring->filled;
    ring->stopping = true;
    pthread_cond_broadcast(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
    if (!ended) interrupt_stop();
    for (size_t i = 0; i < ring->started; i++) pthread_join(ring->workers[i].thread, NULL);
    pthread_cond_destroy(&ring->changed);
    pthread_mutex_destroy(&ring->lock);
    free(ring);
}
