/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that compute, shared by the models of an engine on the CPU.
 *
 * A swap moves the rows to another model, not to other threads: those that computed for the one go
 * on with the other, on the processors that the system has them on. While both have rows, which a
 * drain or a canary brings about, they take turns on as many threads as one alone would use, and a
 * task waits no longer than it says before it gets one more. */
#ifndef MGI_RUN_THREAD_POOL_H
#define MGI_RUN_THREAD_POOL_H

#include "core/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mgi_thread_pool mgi_thread_pool;

/* What threads come for. Owned by the caller, who sets `body`; the rest is the crew's. */
typedef struct mgi_thread_pool_task {
    /* Does what there is to do, if anything, in one of the crew's threads. Between two parts of it
     * asks mgi_thread_pool_should_yield. No lock is held. */
    void (*body)(struct mgi_thread_pool_task *task);

    uint32_t most;                     /* threads that it can use at once */
    uint32_t wanted;                   /* threads that are to come when they are free */
    uint32_t inside;                   /* threads in the body, or on their way */
    double patience;                   /* seconds that it waits while no thread is inside */
    double starves_at;                 /* of mgi_clock_now(): when these are over */
    bool listed;                       /* among those that wait */
    struct mgi_thread_pool_task *next; /* that waits */
    struct mgi_thread_pool_task *next_joined;
} mgi_thread_pool_task;

/* NULL when out of memory. */
mgi_thread_pool *mgi_thread_pool_create(void);

/* Ends the threads. No task may be in the crew. NULL is ignored. */
void mgi_thread_pool_destroy(mgi_thread_pool *crew);

/* Takes a task in, and starts threads: as many as the greatest `most`, which are to work at once,
 * and one for each further task. Threads have the caller's priority. They stay until the crew ends,
 * and sleep. Any thread, as with the functions below. Errors: MGEO_E_MEMORY; then the task is not
 * in the crew. */
mgeo_status mgi_thread_pool_add_task(mgi_thread_pool *crew, mgi_thread_pool_task *task,
                                     uint32_t most, mgeo_error *error);

/* Lets a task out that nobody calls any more: waits until no thread is in its body. */
void mgi_thread_pool_remove_task(mgi_thread_pool *crew, mgi_thread_pool_task *task);

/* Has up to `threads` threads come to a task: at once those that sleep, up to the crew's number at
 * work, and for the others the next that are free, in turn with other tasks. A task that has none
 * gets one beyond that number after `patience` seconds. */
void mgi_thread_pool_request(mgi_thread_pool *crew, mgi_thread_pool_task *task, uint32_t threads,
                             double patience);

/* Should a body leave its thread to others? If it has more to do, it calls for a thread first. */
bool mgi_thread_pool_should_yield(mgi_thread_pool *crew, const mgi_thread_pool_task *task);

/* A batch begins or ends, in whichever thread, on so many cores. */
void mgi_thread_pool_begin_batch(mgi_thread_pool *crew, uint32_t cores);
void mgi_thread_pool_end_batch(mgi_thread_pool *crew, uint32_t cores);

/* How it stands: of a moment that is over. */
typedef struct mgi_thread_pool_usage {
    uint32_t cores; /* threads that are to work at once */
    uint32_t batches;
    uint32_t busy_cores;
} mgi_thread_pool_usage;

mgi_thread_pool_usage mgi_thread_pool_usage_now(const mgi_thread_pool *crew);

#endif
