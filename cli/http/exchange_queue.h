/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges on their way from other threads to the loop, which is woken once for many. */
#ifndef CLI_HTTP_EXCHANGE_QUEUE_H
#define CLI_HTTP_EXCHANGE_QUEUE_H

#include <pthread.h>

struct http_exchange;
struct http_handler;

struct exchange_queue {
    pthread_mutex_t lock;
    struct http_exchange *first, *last; /* linked by ->next */
    void (*wake)(void *user);           /* any thread; called when the first one comes */
    void *user;
    const struct http_handler *handler; /* whose `answering` sees every answer of the program */
};

/* Any thread. An exchange that waits already is not put twice. */
void exchange_queue_put(struct exchange_queue *queue, struct http_exchange *exchange);

/* The loop's thread: one after the other, NULL at last. */
struct http_exchange *exchange_queue_take(struct exchange_queue *queue);

/* The loop's thread, for an exchange that no other thread knows any more. */
void exchange_queue_remove(struct exchange_queue *queue, struct http_exchange *exchange);

#endif
