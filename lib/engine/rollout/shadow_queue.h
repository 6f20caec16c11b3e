/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of live calls on their way to the standby model: copied, bounded, and dropped rather than
 * waited for. */
#ifndef MGI_ENGINE_ROLLOUT_SHADOW_QUEUE_H
#define MGI_ENGINE_ROLLOUT_SHADOW_QUEUE_H

#include "core/lock.h"
#include "core/status.h"

#include <semaphore.h>
#include <stdbool.h>

/* A pair as it was answered. */
typedef struct mgi_shadow_pair {
    const char *a, *b; /* NUL-terminated copies */
    size_t a_length, b_length;
    uint64_t index; /* among the pairs of its call that were answered */
    float similarity;
    int32_t label;
} mgi_shadow_pair;

/* What is kept of one call. */
typedef struct mgi_shadow_block {
    struct mgi_shadow_block *next;
    uint64_t first; /* number of the call's first answered pair among all that were chosen */
    char *texts;
    size_t bytes; /* of texts */
    uint32_t count;
    uint32_t done; /* settled, from the front */
    mgi_shadow_pair pairs[];
} mgi_shadow_block;

typedef struct mgi_shadow_counts {
    uint64_t calls, pairs, dropped, waiting;
} mgi_shadow_counts;

/* Callers only try the mutex, under which blocks are linked and counted and nothing else is done.
 * Work is announced by a semaphore, whose post never waits either. */
typedef struct mgi_shadow_queue {
    mgi_lock mutex;
    sem_t work;
    mgi_shadow_block *first, *last;
    mgi_shadow_counts counts;
    uint64_t generation; /* of the model whose calls are taken; 0: none are */
    _Atomic uint64_t max_rows;
    uint64_t bytes; /* of the texts that wait */
    /* Calls that met the mutex in use, and their pairs: all dropped. */
    _Atomic uint64_t missed_calls, missed_pairs;
    /* What waits, to be read without the mutex. */
    _Atomic uint64_t rows_now, bytes_now;
} mgi_shadow_queue;

bool mgi_shadow_queue_init(mgi_shadow_queue *queue);
void mgi_shadow_queue_finish(mgi_shadow_queue *queue);

/* Takes calls of the model of this generation from now on, and counts from 0. The queue is empty
 * and its thread does not run. */
void mgi_shadow_queue_open(mgi_shadow_queue *queue, uint64_t generation, uint64_t max_rows);
/* Takes no more, and wakes the thread. */
void mgi_shadow_queue_close(mgi_shadow_queue *queue);

/* Offers an answered call; labels in scores. Never waits. Any thread. */
void mgi_shadow_queue_offer(mgi_shadow_queue *queue, const mgeo_pair *pairs, size_t count,
                            const mgeo_scores *scores);

/* Waits until there is work, or the queue was closed. */
void mgi_shadow_queue_await(mgi_shadow_queue *queue);
/* The oldest block, or NULL. It still waits as far as counts say. */
mgi_shadow_block *mgi_shadow_queue_take(mgi_shadow_queue *queue);
/* The next `count` pairs of a block that was taken wait no longer. */
void mgi_shadow_queue_settle(mgi_shadow_queue *queue, mgi_shadow_block *block, uint32_t count);
/* Frees a block that was taken; what was not settled of it is dropped. */
void mgi_shadow_queue_release(mgi_shadow_queue *queue, mgi_shadow_block *block);

void mgi_shadow_queue_counts(mgi_shadow_queue *queue, mgi_shadow_counts *counts);

#endif
