/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of live calls on their way to the standby model: copied, bounded, and dropped rather than
 * waited for. */
#define _GNU_SOURCE
#include "engine/rollout/shadow_queue.h"

#include "core/alloc.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum {
    SHADOW_PAIR_BYTES = 4096, /* of texts, for every pair that may wait: an average */
    SHADOW_TEXT_MOST = 65536
};

/* ---- life ------------------------------------------------------------------------------------ */

bool mgi_shadow_queue_init(mgi_shadow_queue *queue) {
    if (sem_init(&queue->work, 0, 0) != 0) return false;
    if (mgi_lock_init(&queue->mutex, MGI_LOCK_SHADOW_QUEUE) == 0) return true;
    sem_destroy(&queue->work);
    return false;
}

static void shadow_block_free(mgi_shadow_block *block) {
    if (block == NULL) return;
    mgi_free(block->texts);
    mgi_free(block);
}

void mgi_shadow_queue_finish(mgi_shadow_queue *queue) {
    while (queue->first != NULL) {
        mgi_shadow_block *next = queue->first->next;
        shadow_block_free(queue->first);
        queue->first = next;
    }
    mgi_lock_finish(&queue->mutex);
    sem_destroy(&queue->work);
}

void mgi_shadow_queue_open(mgi_shadow_queue *queue, uint64_t generation, uint64_t max_rows) {
    while (sem_trywait(&queue->work) == 0) { /* what woke those who worked before */
    }
    mgi_lock_acquire(&queue->mutex);
    queue->counts = (mgi_shadow_counts){0};
    queue->generation = generation;
    atomic_store(&queue->max_rows, max_rows);
    atomic_store(&queue->missed_calls, 0);
    atomic_store(&queue->missed_pairs, 0);
    mgi_lock_release(&queue->mutex);
}

void mgi_shadow_queue_close(mgi_shadow_queue *queue) {
    mgi_lock_acquire(&queue->mutex);
    queue->generation = 0;
    mgi_lock_release(&queue->mutex);
    sem_post(&queue->work);
}

/* ---- copies; without the mutex --------------------------------------------------------------- */

static size_t shadow_length(const char *text, size_t length) {
    return length == MGEO_NUL_TERMINATED ? strnlen(text, SHADOW_TEXT_MOST + 1) : length;
}

static uint64_t shadow_answered(const mgeo_scores *scores, size_t count) {
    uint64_t answered = 0;
    for (size_t i = 0; i < count; i++) answered += isfinite(scores->similarity[i]) != 0;
    return answered;
}

/* Notes the answered pairs that there is room for; their texts are still the caller's. */
static void shadow_choose(mgi_shadow_block *block, uint64_t most, uint64_t bytes_most,
                          const mgeo_pair *pairs, size_t count, const mgeo_scores *scores) {
    uint64_t index = 0;
    for (size_t i = 0; i < count && block->count < most; i++) {
        if (!isfinite(scores->similarity[i])) continue;
        mgi_shadow_pair pair = {.a = pairs[i].a,
                                .b = pairs[i].b,
                                .a_length = shadow_length(pairs[i].a, pairs[i].a_len),
                                .b_length = shadow_length(pairs[i].b, pairs[i].b_len),
                                .index = index++,
                                .similarity = scores->similarity[i],
                                .label = scores->label[i]};
        if (pair.a_length > SHADOW_TEXT_MOST || pair.b_length > SHADOW_TEXT_MOST) continue;
        size_t bytes = pair.a_length + pair.b_length + 2;
        if (block->bytes + bytes > bytes_most) continue;
        block->bytes += bytes;
        block->pairs[block->count++] = pair;
    }
}

static const char *shadow_keep(char **at, const char *text, size_t length) {
    char *kept = *at;
    memcpy(kept, text, length); /* the NUL after it is there */
    *at += length + 1;
    return kept;
}

static bool shadow_keep_texts(mgi_shadow_block *block) {
    block->texts = mgi_calloc(block->bytes, 1);
    if (block->texts == NULL) return false;
    char *at = block->texts;
    for (uint32_t i = 0; i < block->count; i++) {
        mgi_shadow_pair *pair = &block->pairs[i];
        pair->a = shadow_keep(&at, pair->a, pair->a_length);
        pair->b = shadow_keep(&at, pair->b, pair->b_length);
    }
    return true;
}

/* What there is room and memory for of a call; NULL: nothing. */
static mgi_shadow_block *shadow_copy(const mgi_shadow_queue *queue, const mgeo_pair *pairs,
                                     size_t count, const mgeo_scores *scores) {
    uint64_t max_rows = atomic_load(&queue->max_rows);
    uint64_t rows = atomic_load(&queue->rows_now);
    uint64_t bytes = atomic_load(&queue->bytes_now);
    uint64_t bytes_most = max_rows * SHADOW_PAIR_BYTES;
    if (scores->label == NULL || rows >= max_rows || bytes >= bytes_most) return NULL;
    uint64_t most = max_rows - rows < count ? max_rows - rows : count;
    mgi_shadow_block *block = mgi_calloc(1, sizeof *block + most * sizeof block->pairs[0]);
    if (block == NULL) return NULL;
    shadow_choose(block, most, bytes_most - bytes, pairs, count, scores);
    if (block->count > 0 && shadow_keep_texts(block)) return block;
    shadow_block_free(block);
    return NULL;
}

/* ---- callers --------------------------------------------------------------------------------- */

/* The mutex is held, as for the next. */
static void shadow_publish(mgi_shadow_queue *queue) {
    atomic_store(&queue->rows_now, queue->counts.waiting);
    atomic_store(&queue->bytes_now, queue->bytes);
}

/* Returns whether the block was taken. Others may have taken its room since it was copied. */
static bool shadow_put(mgi_shadow_queue *queue, mgi_shadow_block *block, uint64_t answered,
                       bool *wake) {
    bool fits = block != NULL && queue->counts.waiting + block->count <= queue->max_rows;
    uint64_t first = queue->counts.pairs;
    uint64_t kept = fits ? block->count : 0;
    queue->counts.calls++;
    queue->counts.pairs += answered;
    queue->counts.dropped += answered - kept;
    if (!fits) return false;
    block->first = first;
    queue->counts.waiting += kept;
    queue->bytes += block->bytes;
    *wake = queue->first == NULL;
    *(queue->first == NULL ? &queue->first : &queue->last->next) = block;
    queue->last = block;
    shadow_publish(queue);
    return true;
}

static void shadow_miss(mgi_shadow_queue *queue, uint64_t answered) {
    atomic_fetch_add(&queue->missed_calls, 1);
    atomic_fetch_add(&queue->missed_pairs, answered);
}

void mgi_shadow_queue_offer(mgi_shadow_queue *queue, const mgeo_pair *pairs, size_t count,
                            const mgeo_scores *scores) {
    uint64_t answered = shadow_answered(scores, count);
    mgi_shadow_block *block = shadow_copy(queue, pairs, count, scores);
    bool taken = false;
    bool wake = false;
    if (!mgi_lock_try(&queue->mutex)) {
        shadow_miss(queue, answered);
    } else {
        bool meant = scores->generation == queue->generation;
        if (meant) taken = shadow_put(queue, block, answered, &wake);
        mgi_lock_release(&queue->mutex);
    }
    if (!taken) shadow_block_free(block);
    if (wake) sem_post(&queue->work);
}

/* ---- the one who works ----------------------------------------------------------------------- */

void mgi_shadow_queue_await(mgi_shadow_queue *queue) {
    while (sem_wait(&queue->work) != 0 && errno == EINTR) {
    }
}

mgi_shadow_block *mgi_shadow_queue_take(mgi_shadow_queue *queue) {
    mgi_lock_acquire(&queue->mutex);
    mgi_shadow_block *block = queue->first;
    if (block != NULL) queue->first = block->next;
    mgi_lock_release(&queue->mutex);
    return block;
}

void mgi_shadow_queue_settle(mgi_shadow_queue *queue, mgi_shadow_block *block, uint32_t count) {
    mgi_lock_acquire(&queue->mutex);
    block->done += count;
    queue->counts.waiting -= count;
    shadow_publish(queue);
    mgi_lock_release(&queue->mutex);
}

void mgi_shadow_queue_release(mgi_shadow_queue *queue, mgi_shadow_block *block) {
    uint32_t left = block->count - block->done;
    mgi_lock_acquire(&queue->mutex);
    queue->counts.waiting -= left;
    queue->counts.dropped += left;
    queue->bytes -= block->bytes;
    shadow_publish(queue);
    mgi_lock_release(&queue->mutex);
    shadow_block_free(block);
}

/* ---- counts ---------------------------------------------------------------------------------- */

void mgi_shadow_queue_counts(mgi_shadow_queue *queue, mgi_shadow_counts *counts) {
    mgi_lock_acquire(&queue->mutex);
    *counts = queue->counts;
    uint64_t missed = atomic_load(&queue->missed_pairs);
    counts->calls += atomic_load(&queue->missed_calls);
    mgi_lock_release(&queue->mutex);
    counts->pairs += missed;
    counts->dropped += missed;
}
