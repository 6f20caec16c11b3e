/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that compute, shared by the models of an engine on the CPU.
 *
 * A swap moves rows to another model and not to other threads, so that those that computed for the
 * one continue with the other, on the processors where the system has them. While both have rows,
 * during a drain or a canary, their tasks take turns on as many threads as one alone would use. A
 * task that has no thread for longer than it allows is starving, and gets one more than that.
 *
 * Threads that nothing else needs may help where a batch is alone: helpers come last, and leave
 * when a task waits. */
#ifndef MGI_RUN_THREAD_POOL_H
#define MGI_RUN_THREAD_POOL_H

#include "core/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mgi_thread_pool mgi_thread_pool;

/* Work of one kind, which threads enter on request. Owned by the caller, who sets `body`; the rest
 * belongs to the pool. */
typedef struct mgi_thread_pool_task {
    /* Does what there is to do, if anything, in a thread of the pool. Between two parts of it asks
     * mgi_thread_pool_should_yield. No lock is held. */
    void (*body)(struct mgi_thread_pool_task *task);

    uint32_t max_threads;      /* that it can use at once */
    uint32_t requested;        /* threads to come as they become free */
    uint32_t active;           /* threads in the body, or on their way into it */
    double starvation_seconds; /* how long it may be queued while no thread is active */
    double starves_at;         /* of mgi_clock_now(): when these are over */
    bool queued;
    struct mgi_thread_pool_task *next_queued;
    struct mgi_thread_pool_task *next_added;
} mgi_thread_pool_task;

/* NULL when out of memory. */
mgi_thread_pool *mgi_thread_pool_create(void);

/* Ends the threads. No task may be in the pool. NULL is ignored. */
void mgi_thread_pool_destroy(mgi_thread_pool *pool);

/* Adds a task, and starts threads: as many as the greatest max_threads, which is how many work at
 * once, and one for each further task. Threads have the caller's priority. They stay until the pool
 * ends, and sleep. Any thread, as with the functions below. Errors: MGEO_E_MEMORY; then the task is
 * not in the pool. */
mgeo_status mgi_thread_pool_add_task(mgi_thread_pool *pool, mgi_thread_pool_task *task,
                                     uint32_t max_threads, mgeo_error *error);

/* The same, but it is enough if there is one thread: mgi_thread_pool_usage_now(pool).cores says how
 * many can work at once. */
mgeo_status mgi_thread_pool_add_task_as_able(mgi_thread_pool *pool, mgi_thread_pool_task *task,
                                             uint32_t max_threads, mgeo_error *error);

/* Removes a task for which no more requests come: waits until no thread is in its body. */
void mgi_thread_pool_remove_task(mgi_thread_pool *pool, mgi_thread_pool_task *task);

/* Has up to `threads` threads enter a task: sleeping ones at once, up to the number that works at
 * once, and for the others the next that become free, in turn with other tasks. A task without a
 * thread gets one beyond that number after starvation_seconds. */
void mgi_thread_pool_request(mgi_thread_pool *pool, mgi_thread_pool_task *task, uint32_t threads,
                             double starvation_seconds);

/* Should a body leave its thread to other tasks? If it has more to do, it requests a thread before
 * it returns. */
bool mgi_thread_pool_should_yield(mgi_thread_pool *pool, const mgi_thread_pool_task *task);

/* A batch on so many cores begins or ends, in whichever thread. */
void mgi_thread_pool_begin_batch(mgi_thread_pool *pool, uint32_t cores);
void mgi_thread_pool_end_batch(mgi_thread_pool *pool, uint32_t cores);

/* Has threads that no task needs enter `helped`, now or as they become free, until `threads` are in
 * it. It is no task of the pool's: it is not added, brings no threads and does not starve. */
void mgi_thread_pool_call_helpers(mgi_thread_pool *pool, mgi_thread_pool_task *helped,
                                  uint32_t threads);

/* No more helpers come than are on their way. */
void mgi_thread_pool_dismiss_helpers(mgi_thread_pool *pool, mgi_thread_pool_task *helped);

/* Dismisses them and waits until the last has left. */
void mgi_thread_pool_drain_helpers(mgi_thread_pool *pool, mgi_thread_pool_task *helped);

/* Does a task need the threads that help? Takes no lock. */
bool mgi_thread_pool_wants_helpers_back(const mgi_thread_pool *pool);

typedef struct mgi_thread_pool_usage {
    uint32_t cores; /* threads that work at once */
    uint32_t batches;
    uint32_t busy_cores;
} mgi_thread_pool_usage;

/* Takes no lock: it may have changed by the time it is used. */
mgi_thread_pool_usage mgi_thread_pool_usage_now(const mgi_thread_pool *pool);

#endif
