/* SPDX-License-Identifier: Apache-2.0 */
/* One piece of work on several threads that end with the call. */
#include "match/index/parallel.h"

#include "core/alloc.h"
#include "core/thread.h"

typedef struct parallel_worker {
    void (*body)(void *argument, uint32_t worker);
    void *argument;
    uint32_t number;
    pthread_t thread;
} parallel_worker;

static void *run_worker(void *argument) {
    parallel_worker *worker = argument;
    mgi_thread_name("mgeo-index");
    worker->body(worker->argument, worker->number);
    return NULL;
}

void mgi_parallel_run(uint32_t threads, void (*body)(void *argument, uint32_t worker),
                      void *argument) {
    uint32_t started = 0;
    parallel_worker *workers = threads > 1 ? mgi_calloc(threads - 1, sizeof *workers) : NULL;
    for (; workers != NULL && started < threads - 1; started++) {
        workers[started] = (parallel_worker){body, argument, started + 1, 0};
        if (mgi_thread_start(&workers[started].thread, run_worker, &workers[started]) != 0) break;
    }
    body(argument, 0);
    for (uint32_t i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
    mgi_free(workers);
}
