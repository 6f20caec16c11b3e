/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait to be scored: bounded, small ones apart from large ones. */
#ifndef CLI_SERVE_SCORING_QUEUE_H
#define CLI_SERVE_SCORING_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/record.h"

enum {
    QUEUE_BATCH = 256,         /* most requests that are taken at once */
    QUEUE_BATCH_BYTES = 65536, /* and most bytes of their bodies */
    QUEUE_LARGE_BYTES = 8192   /* a body of more is taken alone */
};

struct queue_list {
    struct record *first, **end;
};

/* Large requests are taken one at a time, and by at most `large_most` takers at once, so that there
 * is always a taker for the small ones. */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct queue_list small, large;
    size_t count;
    size_t large_running, large_most;
    size_t idle; /* takers that wait */
    bool hurried, closed;
};

void queue_init(struct queue *queue, size_t large_most);
void queue_finish(struct queue *queue);

/* False: `limit` requests wait already. The record is the queue's until it is taken. Any thread. */
bool queue_put(struct queue *queue, struct record *record, size_t limit);

/* How a taker takes. */
struct queue_wish {
    size_t most;    /* requests, at most QUEUE_BATCH */
    uint64_t delay; /* nanoseconds from the arrival of the first that others may join it */
};

/* Waits for requests. A list, its `taken` set; NULL once the queue is closed and empty. */
struct record *queue_take(struct queue *queue, struct queue_wish wish);

/* Whoever took a large request says when it is done. */
void queue_large_done(struct queue *queue);
bool queue_is_large(const struct record *record);

/* Takes out those whose deadline has passed or whose client has left, as a list. */
struct record *queue_sweep(struct queue *queue, uint64_t now);

size_t queue_count(struct queue *queue);

/* From now on nobody waits for others to join: the end is near. Any thread. */
void queue_hurry(struct queue *queue);

/* Takers get what is left, and then NULL. */
void queue_close(struct queue *queue);

#endif
