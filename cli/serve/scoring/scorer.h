/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that take what waits, put the pairs of many requests into one call, and answer. */
#ifndef CLI_SERVE_SCORING_SCORER_H
#define CLI_SERVE_SCORING_SCORER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "serve/record.h"
#include "serve/service.h"

struct scorer;

/* Sets service->scorer. `count` threads; 0: by the processors. */
bool scorer_create(struct service *service, unsigned count, struct error *error);

/* Answers what waits, and ends the threads. Nothing may be put meanwhile or later. */
void scorer_destroy(struct scorer *scorer);

/* Takes a request over, which is answered by another thread; if the queue is full, it is answered
 * at once. Loop's thread. */
void scorer_put(struct scorer *scorer, struct record *record);

/* Answers the requests that are late and drops those whose client has left, also those that are
 * being scored. To be called now and then; any thread. */
void scorer_sweep(struct scorer *scorer);

/* The server is about to end: --max-queue-delay holds no longer. Any thread. */
void scorer_hurry(struct scorer *scorer);

/* Requests that wait. */
size_t scorer_waiting(struct scorer *scorer);

/* Whether a request was taken or answered since the last call, or none is there: what a watchdog
 * wants to know. One thread. */
bool scorer_is_alive(struct scorer *scorer);

#endif
