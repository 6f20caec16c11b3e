/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that compute, shared by the models of an engine on the CPU. */
#define _GNU_SOURCE
#include "run/thread_pool.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/lock.h"
#include "core/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

typedef struct task_queue {
    mgi_thread_pool_task *first, *last;
} task_queue;

typedef struct pool_thread {
    mgi_thread_pool *pool;
    mgi_thread_pool_task *task; /* whose body it is to run; NULL: none */
    pthread_cond_t wake;
    pthread_t handle;
    unsigned number;
    struct pool_thread *next; /* of all */
    struct pool_thread *next_idle;
} pool_thread;

struct mgi_thread_pool {
    mgi_lock mutex;      /* guards the rest and the tasks' members but `body`; taken last */
    pthread_cond_t left; /* a task has one active thread less */
    pool_thread *threads;
    pool_thread *idle;  /* last in, first out: warm caches first, and its processor is free */
    pool_thread *timer; /* the idle thread that sleeps until the next task starves; NULL: none */
    double timer_until;
    mgi_thread_pool_task *tasks;
    task_queue waiting; /* tasks that lack threads, in turn */
    task_queue helped;  /* batches that could do with helpers */
    uint32_t count;     /* of threads */
    bool ending;

    /* Read without the mutex too, for every batch and by helpers; the first three are written with
     * it. */
    _Atomic uint32_t cores;
    _Atomic uint32_t working; /* threads that have a task, or help */
    atomic_bool tasks_wait;
    _Atomic uint32_t batches;
    _Atomic uint32_t busy_cores;
};

/* ---- queued tasks; the mutex is held, as in the section after -------------------------------- */

static void enqueue(task_queue *queue, mgi_thread_pool_task *task) {
    task->next_queued = NULL;
    task->queued = true;
    *(queue->first == NULL ? &queue->first : &queue->last->next_queued) = task;
    queue->last = task;
}

static void dequeue(task_queue *queue, mgi_thread_pool_task *task) {
    mgi_thread_pool_task *before = NULL;
    for (mgi_thread_pool_task *at = queue->first; at != task; at = at->next_queued) before = at;
    *(before == NULL ? &queue->first : &before->next_queued) = task->next_queued;
    if (queue->last == task) queue->last = before;
    task->queued = false;
}

static void enqueue_task(mgi_thread_pool *pool, mgi_thread_pool_task *task) {
    enqueue(&pool->waiting, task);
    atomic_store_explicit(&pool->tasks_wait, true, memory_order_relaxed);
}

static void dequeue_task(mgi_thread_pool *pool, mgi_thread_pool_task *task) {
    dequeue(&pool->waiting, task);
    atomic_store_explicit(&pool->tasks_wait, pool->waiting.first != NULL, memory_order_relaxed);
}

static bool lacks_thread(const mgi_thread_pool_task *task) {
    return task->queued && task->active == 0;
}

/* The task that will starve first, or has; NULL: none lacks a thread. */
static mgi_thread_pool_task *next_to_starve(const mgi_thread_pool *pool) {
    mgi_thread_pool_task *urgent = NULL;
    for (mgi_thread_pool_task *at = pool->waiting.first; at != NULL; at = at->next_queued) {
        if (!lacks_thread(at)) continue;
        if (urgent == NULL || at->starves_at < urgent->starves_at) urgent = at;
    }
    return urgent;
}

/* ---- threads --------------------------------------------------------------------------------- */

static void assign_task(pool_thread *thread, mgi_thread_pool_task *task) {
    thread->task = task;
    task->active++;
    thread->pool->working++;
}

/* A task that is to get further threads goes to the end of the queue. */
static void assign_queued_task(pool_thread *thread, mgi_thread_pool_task *task) {
    dequeue_task(thread->pool, task);
    if (--task->requested > 0) enqueue_task(thread->pool, task);
    assign_task(thread, task);
}

static void assign_as_helper(pool_thread *thread, mgi_thread_pool_task *helped) {
    task_queue *queue = &thread->pool->helped;
    dequeue(queue, helped);
    if (--helped->requested > 0) enqueue(queue, helped);
    assign_task(thread, helped);
}

static bool has_free_core(const mgi_thread_pool *pool) { return pool->working < pool->cores; }

static pool_thread *wake_idle_thread(mgi_thread_pool *pool) {
    pool_thread *thread = pool->idle;
    pool->idle = thread->next_idle;
    pthread_cond_signal(&thread->wake);
    return thread;
}

/* While a task lacks a thread, an idle thread sleeps until that task starves. With no idle thread
 * there is none to give it either. */
static void arm_starvation_timer(mgi_thread_pool *pool) {
    const mgi_thread_pool_task *urgent = next_to_starve(pool);
    if (urgent == NULL) return;
    if (pool->timer == NULL) {
        if (pool->idle == NULL) return;
        pool->timer = wake_idle_thread(pool);
    } else if (urgent->starves_at < pool->timer_until) {
        pthread_cond_signal(&pool->timer->wake);
    }
    pool->timer_until = urgent->starves_at;
}

/* Each helper that comes wakes up to two more: to wake them all would take the batch's own thread
 * longer than some batches take. */
static void wake_helpers(mgi_thread_pool *pool) {
    for (int i = 0; i < 2 && pool->helped.first != NULL; i++) {
        if (pool->waiting.first != NULL || pool->idle == NULL || !has_free_core(pool)) return;
        assign_as_helper(wake_idle_thread(pool), pool->helped.first);
    }
}

/* For a thread without a task: the first in the queue, or help, or sleep. */
static void find_task(pool_thread *thread) {
    mgi_thread_pool *pool = thread->pool;
    if (pool->waiting.first != NULL && has_free_core(pool)) {
        assign_queued_task(thread, pool->waiting.first);
    } else if (pool->helped.first != NULL && has_free_core(pool)) {
        assign_as_helper(thread, pool->helped.first);
    } else {
        thread->next_idle = pool->idle;
        pool->idle = thread;
    }
    arm_starvation_timer(pool);
}

static void run_task(pool_thread *thread) {
    mgi_thread_pool *pool = thread->pool;
    mgi_thread_pool_task *task = thread->task;
    if (pool->helped.first != NULL) wake_helpers(pool);
    mgi_lock_release(&pool->mutex);
    task->body(task);
    mgi_lock_acquire(&pool->mutex);
    thread->task = NULL;
    pool->working--;
    if (--task->active == 0) {
        task->starves_at = mgi_clock_now() + task->starvation_seconds;
        pthread_cond_broadcast(&pool->left);
    }
    find_task(thread);
}

static void run_starvation_timer(pool_thread *thread) {
    mgi_thread_pool *pool = thread->pool;
    mgi_thread_pool_task *urgent = next_to_starve(pool);
    if (urgent != NULL && mgi_clock_now() < urgent->starves_at) {
        pool->timer_until = urgent->starves_at;
        mgi_lock_wait_until(&pool->mutex, &thread->wake, urgent->starves_at);
        return;
    }
    pool->timer = NULL;
    if (urgent == NULL) {
        find_task(thread);
    } else {
        assign_queued_task(thread, urgent);
        arm_starvation_timer(pool);
    }
}

static void *thread_main(void *argument) {
    pool_thread *thread = argument;
    mgi_thread_pool *pool = thread->pool;
    char name[16];
    snprintf(name, sizeof name, "mgeo-%u", thread->number);
    mgi_thread_name(name);
    mgi_lock_acquire(&pool->mutex);
    find_task(thread);
    while (!pool->ending) {
        if (thread->task != NULL) {
            run_task(thread);
        } else if (pool->timer == thread) {
            run_starvation_timer(thread);
        } else {
            mgi_lock_wait(&pool->mutex, &thread->wake);
        }
    }
    mgi_lock_release(&pool->mutex);
    return NULL;
}

/* ---- life; the mutex is not held ------------------------------------------------------------- */

mgi_thread_pool *mgi_thread_pool_create(void) {
    mgi_thread_pool *pool = mgi_calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    /* With default attributes these cannot fail on the systems we build for. */
    mgi_lock_init(&pool->mutex, MGI_LOCK_THREAD_POOL);
    pthread_cond_init(&pool->left, NULL);
    return pool;
}

static void stop_threads(mgi_thread_pool *pool) {
    mgi_lock_acquire(&pool->mutex);
    pool->ending = true;
    for (pool_thread *thread = pool->threads; thread != NULL; thread = thread->next) {
        pthread_cond_signal(&thread->wake);
    }
    mgi_lock_release(&pool->mutex);
}

void mgi_thread_pool_destroy(mgi_thread_pool *pool) {
    if (pool == NULL) return;
    stop_threads(pool);
    while (pool->threads != NULL) {
        pool_thread *thread = pool->threads;
        pool->threads = thread->next;
        pthread_join(thread->handle, NULL);
        pthread_cond_destroy(&thread->wake);
        mgi_free(thread);
    }
    pthread_cond_destroy(&pool->left);
    mgi_lock_finish(&pool->mutex);
    mgi_free(pool);
}

/* ---- tasks come and go; the mutex is held in the first three --------------------------------- */

static mgeo_status spawn_thread(mgi_thread_pool *pool, mgeo_error *error) {
    pool_thread *thread = mgi_calloc(1, sizeof *thread);
    if (thread == NULL) return mgi_fail_memory(error, "a thread", sizeof *thread);
    thread->pool = pool;
    thread->number = pool->count;
    int failed = mgi_lock_cond_init(&thread->wake);
    if (failed == 0) {
        failed = mgi_thread_start(&thread->handle, thread_main, thread);
        if (failed != 0) pthread_cond_destroy(&thread->wake);
    }
    if (failed != 0) {
        char reason[128] = "";
        mgi_free(thread);
        return mgi_fail(error, MGEO_E_MEMORY, "thread %u of the engine cannot be started: %s",
                        pool->count, strerror_r(failed, reason, sizeof reason));
    }
    thread->next = pool->threads;
    pool->threads = thread;
    pool->count++;
    return MGEO_OK;
}

/* Returns how many threads there should be: those that work at once, and one for each further task,
 * which could starve. */
static uint32_t update_target_size(mgi_thread_pool *pool) {
    uint32_t tasks = 0, cores = 0;
    for (const mgi_thread_pool_task *task = pool->tasks; task != NULL; task = task->next_added) {
        tasks++;
        if (task->max_threads > cores) cores = task->max_threads;
    }
    atomic_store(&pool->cores, cores);
    return tasks == 0 ? 0 : cores + tasks - 1;
}

/* No more work at once than there are threads, where some could not be started. */
static void limit_cores(mgi_thread_pool *pool) {
    if (pool->cores > pool->count) atomic_store(&pool->cores, pool->count);
}

static void forget_task(mgi_thread_pool *pool, mgi_thread_pool_task *task) {
    mgi_thread_pool_task **at = &pool->tasks;
    while (*at != task) at = &(*at)->next_added;
    *at = task->next_added;
    update_target_size(pool);
    limit_cores(pool);
}

static mgeo_status add_task(mgi_thread_pool *pool, mgi_thread_pool_task *task, uint32_t max_threads,
                            bool fewer, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    mgi_lock_acquire(&pool->mutex);
    *task = (mgi_thread_pool_task){
        .body = task->body, .max_threads = max_threads, .next_added = pool->tasks};
    pool->tasks = task;
    uint32_t target = update_target_size(pool);
    while (pool->count < target && status == MGEO_OK) status = spawn_thread(pool, error);
    if (fewer && pool->count > 0) status = MGEO_OK;
    limit_cores(pool);
    if (status != MGEO_OK) forget_task(pool, task);
    mgi_lock_release(&pool->mutex);
    return status;
}

mgeo_status mgi_thread_pool_add_task(mgi_thread_pool *pool, mgi_thread_pool_task *task,
                                     uint32_t max_threads, mgeo_error *error) {
    return add_task(pool, task, max_threads, false, error);
}

mgeo_status mgi_thread_pool_add_task_as_able(mgi_thread_pool *pool, mgi_thread_pool_task *task,
                                             uint32_t max_threads, mgeo_error *error) {
    return add_task(pool, task, max_threads, true, error);
}

void mgi_thread_pool_remove_task(mgi_thread_pool *pool, mgi_thread_pool_task *task) {
    mgi_lock_acquire(&pool->mutex);
    if (task->queued) dequeue_task(pool, task);
    task->requested = 0;
    while (task->active > 0) mgi_lock_wait(&pool->mutex, &pool->left);
    forget_task(pool, task);
    mgi_lock_release(&pool->mutex);
}

/* ---- requests -------------------------------------------------------------------------------- */

void mgi_thread_pool_request(mgi_thread_pool *pool, mgi_thread_pool_task *task, uint32_t threads,
                             double starvation_seconds) {
    mgi_lock_acquire(&pool->mutex);
    task->starvation_seconds = starvation_seconds;
    for (; threads > task->requested && pool->waiting.first == NULL; threads--) {
        if (pool->idle == NULL || !has_free_core(pool)) break;
        assign_task(wake_idle_thread(pool), task);
    }
    if (threads > task->requested) {
        task->requested = threads;
        if (!task->queued) {
            task->starves_at = mgi_clock_now() + starvation_seconds;
            enqueue_task(pool, task);
            arm_starvation_timer(pool);
        }
    }
    mgi_lock_release(&pool->mutex);
}

bool mgi_thread_pool_should_yield(mgi_thread_pool *pool, const mgi_thread_pool_task *task) {
    mgi_lock_acquire(&pool->mutex);
    const mgi_thread_pool_task *first = pool->waiting.first;
    bool others = first != NULL && (first != task || first->next_queued != NULL);
    bool should_yield = others || pool->working > pool->cores;
    mgi_lock_release(&pool->mutex);
    return should_yield;
}

/* ---- helpers --------------------------------------------------------------------------------- */

void mgi_thread_pool_call_helpers(mgi_thread_pool *pool, mgi_thread_pool_task *helped,
                                  uint32_t threads) {
    mgi_lock_acquire(&pool->mutex);
    if (threads > helped->active + helped->requested) {
        helped->requested = threads - helped->active;
        if (!helped->queued) enqueue(&pool->helped, helped);
    }
    wake_helpers(pool);
    mgi_lock_release(&pool->mutex);
}

/* The mutex is held. */
static void dismiss_helpers(mgi_thread_pool *pool, mgi_thread_pool_task *helped) {
    if (helped->queued) dequeue(&pool->helped, helped);
    helped->requested = 0;
}

void mgi_thread_pool_dismiss_helpers(mgi_thread_pool *pool, mgi_thread_pool_task *helped) {
    mgi_lock_acquire(&pool->mutex);
    dismiss_helpers(pool, helped);
    mgi_lock_release(&pool->mutex);
}

void mgi_thread_pool_drain_helpers(mgi_thread_pool *pool, mgi_thread_pool_task *helped) {
    mgi_lock_acquire(&pool->mutex);
    dismiss_helpers(pool, helped);
    while (helped->active > 0) mgi_lock_wait(&pool->mutex, &pool->left);
    mgi_lock_release(&pool->mutex);
}

bool mgi_thread_pool_wants_helpers_back(const mgi_thread_pool *pool) {
    return atomic_load_explicit(&pool->tasks_wait, memory_order_relaxed) ||
           atomic_load_explicit(&pool->working, memory_order_relaxed) >
               atomic_load_explicit(&pool->cores, memory_order_relaxed);
}

/* ---- batches --------------------------------------------------------------------------------- */

void mgi_thread_pool_begin_batch(mgi_thread_pool *pool, uint32_t cores) {
    atomic_fetch_add_explicit(&pool->batches, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&pool->busy_cores, cores, memory_order_relaxed);
}

void mgi_thread_pool_end_batch(mgi_thread_pool *pool, uint32_t cores) {
    atomic_fetch_sub_explicit(&pool->batches, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&pool->busy_cores, cores, memory_order_relaxed);
}

mgi_thread_pool_usage mgi_thread_pool_usage_now(const mgi_thread_pool *pool) {
    return (mgi_thread_pool_usage){
        .cores = atomic_load_explicit(&pool->cores, memory_order_relaxed),
        .batches = atomic_load_explicit(&pool->batches, memory_order_relaxed),
        .busy_cores = atomic_load_explicit(&pool->busy_cores, memory_order_relaxed)};
}
