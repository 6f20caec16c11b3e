/* SPDX-License-Identifier: Apache-2.0 */
/* The load of the first model, in a thread beside the loop. */
#ifndef CLI_SERVE_PROCESS_MODEL_START_H
#define CLI_SERVE_PROCESS_MODEL_START_H

#include <mgeo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "common/error.h"
#include "serve/service.h"

struct model_start {
    struct service *service;
    void (*ended)(void *user, bool loaded); /* called in the thread that loads */
    void *user;
    pthread_t thread;
    bool started;
    mgeo_progress progress;
    mgeo_status status; /* after model_start_finish */
    mgeo_model_info info;
};

/* Begins to load what the settings name; service->starting is set until that has returned. */
bool model_start_begin(struct model_start *start, struct error *error);

/* Cancels a load that runs, and waits for its end. */
void model_start_finish(struct model_start *start);

#endif
