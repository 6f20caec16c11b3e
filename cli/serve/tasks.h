/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for what takes long: streams, and requests of the operating side; a bounded number. */
#ifndef CLI_SERVE_TASKS_H
#define CLI_SERVE_TASKS_H

#include <pthread.h>
#include <stdbool.h>

#include "http/exchange.h"
#include "serve/service.h"

typedef void tasks_function(struct service *service, struct http_exchange *exchange);

struct tasks {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    unsigned running;
};

void tasks_init(struct tasks *tasks);

/* Waits for all to end. */
void tasks_finish(struct tasks *tasks);

/* Runs the function in a thread of its own; it answers the exchange. False: `most` run already, or
 * the system starts no more threads. */
bool tasks_start(struct tasks *tasks, unsigned most, tasks_function *function,
                 struct service *service, struct http_exchange *exchange);

unsigned tasks_running(struct tasks *tasks);

#endif
