/* SPDX-License-Identifier: Apache-2.0 */
/* Some requests on their way through the library: parsed, scored in one call, rendered, answered.
 */
#ifndef CLI_SERVE_SCORING_BATCH_H
#define CLI_SERVE_SCORING_BATCH_H

#include <mgeo.h>
#include <pthread.h>
#include <stdint.h>

#include "serve/data/data_route.h"
#include "serve/record.h"
#include "serve/scoring/queue.h"
#include "serve/service.h"

/* A request, and what its route has read out of it. */
struct batch_entry {
    struct data_call call;
    struct record *record;
    size_t at; /* of its first pair among those of the batch */
};

/* Of one thread, which keeps its arrays from one to the next. */
struct batch {
    struct service *service;
    struct batch_entry entries[QUEUE_BATCH];
    size_t count;
    mgeo_pair *pairs; /* of all entries */
    size_t pair_count, capacity;
    float *similarity, *probabilities;
    int32_t *label;
    uint32_t *flags;
    mgeo_model_info info; /* of the model that answered last */
    mgeo_progress progress;
    pthread_mutex_t mutex;         /* guards what batch_sweep looks at */
    struct http_exchange *running; /* alone in its call; NULL: none, or several */
    uint64_t deadline;             /* of it */
};

/* Of memory that is zero. */
void batch_init(struct batch *batch, struct service *service);
void batch_finish(struct batch *batch);

/* Answers all requests of the list. */
void batch_run(struct batch *batch, struct record *first);

/* Answers one that is late, or whose client has left, without a score. */
void batch_drop(struct service *service, struct record *record);

/* Cancels the call of a request that is alone in it and late or left. Any thread. */
void batch_sweep(struct batch *batch, uint64_t now);

#endif
