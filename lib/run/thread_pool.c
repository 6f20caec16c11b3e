/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that compute, shared by the models of an engine. */
#define _GNU_SOURCE
#include "run/thread_pool.h"

#include "core/alloc.h"
#include "core/lock.h"
#include "core/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* One thread. */
typedef struct pool_thread {
    mgi_thread_pool *crew;
    mgi_thread_pool_task *task; /* to work at; NULL: none */
    pthread_cond_t wake;
    pthread_t thread;
    unsigned number;
    struct pool_thread *next; /* of all */
    struct pool_thread *next_idle;
} pool_thread;

struct mgi_thread_pool {
    mgi_lock mutex;      /* guards the rest and what tasks have of the crew's; taken last */
    pthread_cond_t left; /* a task has one thread less */
    pool_thread *hands;
    pool_thread *idle;  /* last in, first out: warm caches first, and the processor is free */
    pool_thread *guard; /* sleeps until a task has starved for long enough; NULL: none does */
    double guard_until;
    mgi_thread_pool_task *joined;
    mgi_thread_pool_task *first, *last; /* tasks that wait for a thread, in turn */
    uint32_t count;                     /* of hands */
    uint32_t working;                   /* hands that have a task */
    bool ending;

    /* Read without the mutex, on the way of every batch; the first is written with it. */
    _Atomic uint32_t cores;
    _Atomic uint32_t batches;
    _Atomic uint32_t busy_cores;
};

/* ---- tasks that wait; the mutex is held, as in all of the next ------------------------------- */

static void enqueue_task(mgi_thread_pool *crew, mgi_thread_pool_task *task) {
    task->next = NULL;
    task->listed = true;
    *(crew->first == NULL ? &crew->first : &crew->last->next) = task;
    crew->last = task;
}

static void dequeue_task(mgi_thread_pool *crew, mgi_thread_pool_task *task) {
    mgi_thread_pool_task *before = NULL;
    for (mgi_thread_pool_task *at = crew->first; at != task; at = at->next) before = at;
    *(before == NULL ? &crew->first : &before->next) = task->next;
    if (crew->last == task) crew->last = before;
    task->listed = false;
}

static bool is_starving(const mgi_thread_pool_task *task) {
    return task->listed && task->inside == 0;
}

/* Of those that starve the one whose patience ends first; NULL: none does. */
static mgi_thread_pool_task *most_starved_task(const mgi_thread_pool *crew) {
    mgi_thread_pool_task *urgent = NULL;
    for (mgi_thread_pool_task *at = crew->first; at != NULL; at = at->next) {
        if (!is_starving(at)) continue;
        if (urgent == NULL || at->starves_at < urgent->starves_at) urgent = at;
    }
    return urgent;
}

/* ---- hands ----------------------------------------------------------------------------------- */

static void assign_task(pool_thread *hand, mgi_thread_pool_task *task) {
    hand->task = task;
    task->inside++;
    hand->crew->working++;
}

/* Gives the hand a task that waits; if more threads are wanted for that, it is the last in turn. */
static void assign_waiting_task(pool_thread *hand, mgi_thread_pool_task *task) {
    dequeue_task(hand->crew, task);
    if (--task->wanted > 0) enqueue_task(hand->crew, task);
    assign_task(hand, task);
}

static pool_thread *wake_idle_thread(mgi_thread_pool *crew) {
    pool_thread *hand = crew->idle;
    crew->idle = hand->next_idle;
    pthread_cond_signal(&hand->wake);
    return hand;
}

/* Somebody watches the time while a task starves, as long as there is anybody. */
static void arm_starvation_timer(mgi_thread_pool *crew) {
    const mgi_thread_pool_task *urgent = most_starved_task(crew);
    if (urgent == NULL) return;
    if (crew->guard == NULL) {
        if (crew->idle == NULL) return;
        crew->guard = wake_idle_thread(crew);
    } else if (urgent->starves_at < crew->guard_until) {
        pthread_cond_signal(&crew->guard->wake);
    }
    crew->guard_until = urgent->starves_at;
}

/* The hand has no task: it takes the first that waits, or rests. */
static void find_task(pool_thread *hand) {
    mgi_thread_pool *crew = hand->crew;
    if (crew->first != NULL && crew->working < crew->cores) {
        assign_waiting_task(hand, crew->first);
    } else {
        hand->next_idle = crew->idle;
        crew->idle = hand;
    }
    arm_starvation_timer(crew);
}

static void run_task(pool_thread *hand) {
    mgi_thread_pool *crew = hand->crew;
    mgi_thread_pool_task *task = hand->task;
    mgi_lock_release(&crew->mutex);
    task->body(task);
    mgi_lock_acquire(&crew->mutex);
    hand->task = NULL;
    crew->working--;
    if (--task->inside == 0) {
        task->starves_at = mgi_clock_now() + task->patience;
        pthread_cond_broadcast(&crew->left);
    }
    find_task(hand);
}

static void run_starvation_timer(pool_thread *hand) {
    mgi_thread_pool *crew = hand->crew;
    mgi_thread_pool_task *urgent = most_starved_task(crew);
    if (urgent != NULL && mgi_clock_now() < urgent->starves_at) {
        crew->guard_until = urgent->starves_at;
        mgi_lock_wait_until(&crew->mutex, &hand->wake, urgent->starves_at);
        return;
    }
    crew->guard = NULL;
    if (urgent == NULL) {
        find_task(hand);
    } else {
        assign_waiting_task(hand, urgent);
        arm_starvation_timer(crew);
    }
}

static void *thread_main(void *argument) {
    pool_thread *hand = argument;
    mgi_thread_pool *crew = hand->crew;
    char name[16];
    snprintf(name, sizeof name, "mgeo-%u", hand->number);
    mgi_thread_name(name);
    mgi_lock_acquire(&crew->mutex);
    find_task(hand);
    while (!crew->ending) {
        if (hand->task != NULL) {
            run_task(hand);
        } else if (crew->guard == hand) {
            run_starvation_timer(hand);
        } else {
            mgi_lock_wait(&crew->mutex, &hand->wake);
        }
    }
    mgi_lock_release(&crew->mutex);
    return NULL;
}

/* ---- life; the mutex is not held ------------------------------------------------------------- */

mgi_thread_pool *mgi_thread_pool_create(void) {
    mgi_thread_pool *crew = mgi_calloc(1, sizeof *crew);
    if (crew == NULL) return NULL;
    /* With default attributes these cannot fail on the systems we build for. */
    mgi_lock_init(&crew->mutex, MGI_LOCK_THREAD_POOL);
    pthread_cond_init(&crew->left, NULL);
    return crew;
}

static void stop_threads(mgi_thread_pool *crew) {
    mgi_lock_acquire(&crew->mutex);
    crew->ending = true;
    for (pool_thread *hand = crew->hands; hand != NULL; hand = hand->next) {
        pthread_cond_signal(&hand->wake);
    }
    mgi_lock_release(&crew->mutex);
}

void mgi_thread_pool_destroy(mgi_thread_pool *crew) {
    if (crew == NULL) return;
    stop_threads(crew);
    while (crew->hands != NULL) {
        pool_thread *hand = crew->hands;
        crew->hands = hand->next;
        pthread_join(hand->thread, NULL);
        pthread_cond_destroy(&hand->wake);
        mgi_free(hand);
    }
    pthread_cond_destroy(&crew->left);
    mgi_lock_finish(&crew->mutex);
    mgi_free(crew);
}

/* ---- joining; the mutex is held -------------------------------------------------------------- */

static mgeo_status spawn_thread(mgi_thread_pool *crew, mgeo_error *error) {
    pool_thread *hand = mgi_calloc(1, sizeof *hand);
    if (hand == NULL) return mgi_fail_memory(error, "a thread", sizeof *hand);
    hand->crew = crew;
    hand->number = crew->count;
    int failed = mgi_lock_cond_init(&hand->wake);
    if (failed == 0) {
        failed = mgi_thread_start(&hand->thread, thread_main, hand);
        if (failed != 0) pthread_cond_destroy(&hand->wake);
    }
    if (failed != 0) {
        char reason[128] = "";
        mgi_free(hand);
        return mgi_fail(error, MGEO_E_MEMORY, "thread %u of the engine cannot be started: %s",
                        crew->count, strerror_r(failed, reason, sizeof reason));
    }
    hand->next = crew->hands;
    crew->hands = hand;
    crew->count++;
    return MGEO_OK;
}

/* Returns the threads to have: one more than work at once for each task that may starve. */
static uint32_t update_target_size(mgi_thread_pool *crew) {
    uint32_t tasks = 0, cores = 0;
    for (const mgi_thread_pool_task *task = crew->joined; task != NULL; task = task->next_joined) {
        tasks++;
        if (task->most > cores) cores = task->most;
    }
    atomic_store(&crew->cores, cores);
    return tasks == 0 ? 0 : cores + tasks - 1;
}

static void forget_task(mgi_thread_pool *crew, mgi_thread_pool_task *task) {
    mgi_thread_pool_task **at = &crew->joined;
    while (*at != task) at = &(*at)->next_joined;
    *at = task->next_joined;
    update_target_size(crew);
}

mgeo_status mgi_thread_pool_add_task(mgi_thread_pool *crew, mgi_thread_pool_task *task,
                                     uint32_t most, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    mgi_lock_acquire(&crew->mutex);
    *task = (mgi_thread_pool_task){.body = task->body, .most = most, .next_joined = crew->joined};
    crew->joined = task;
    uint32_t wanted = update_target_size(crew);
    while (crew->count < wanted && status == MGEO_OK) status = spawn_thread(crew, error);
    if (status != MGEO_OK) forget_task(crew, task);
    mgi_lock_release(&crew->mutex);
    return status;
}

void mgi_thread_pool_remove_task(mgi_thread_pool *crew, mgi_thread_pool_task *task) {
    mgi_lock_acquire(&crew->mutex);
    if (task->listed) dequeue_task(crew, task);
    task->wanted = 0;
    while (task->inside > 0) mgi_lock_wait(&crew->mutex, &crew->left);
    forget_task(crew, task);
    mgi_lock_release(&crew->mutex);
}

/* ---- calls ----------------------------------------------------------------------------------- */

void mgi_thread_pool_request(mgi_thread_pool *crew, mgi_thread_pool_task *task, uint32_t threads,
                             double patience) {
    mgi_lock_acquire(&crew->mutex);
    task->patience = patience;
    for (; threads > task->wanted && crew->first == NULL; threads--) {
        if (crew->idle == NULL || crew->working >= crew->cores) break;
        assign_task(wake_idle_thread(crew), task);
    }
    if (threads > task->wanted) {
        task->wanted = threads;
        if (!task->listed) {
            task->starves_at = mgi_clock_now() + patience;
            enqueue_task(crew, task);
            arm_starvation_timer(crew);
        }
    }
    mgi_lock_release(&crew->mutex);
}

bool mgi_thread_pool_should_yield(mgi_thread_pool *crew, const mgi_thread_pool_task *task) {
    mgi_lock_acquire(&crew->mutex);
    bool others = crew->first != NULL && (crew->first != task || crew->first->next != NULL);
    bool pressed = others || crew->working > crew->cores;
    mgi_lock_release(&crew->mutex);
    return pressed;
}

void mgi_thread_pool_begin_batch(mgi_thread_pool *crew, uint32_t cores) {
    atomic_fetch_add_explicit(&crew->batches, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&crew->busy_cores, cores, memory_order_relaxed);
}

void mgi_thread_pool_end_batch(mgi_thread_pool *crew, uint32_t cores) {
    atomic_fetch_sub_explicit(&crew->batches, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&crew->busy_cores, cores, memory_order_relaxed);
}

mgi_thread_pool_usage mgi_thread_pool_usage_now(const mgi_thread_pool *crew) {
    return (mgi_thread_pool_usage){
        .cores = atomic_load_explicit(&crew->cores, memory_order_relaxed),
        .batches = atomic_load_explicit(&crew->batches, memory_order_relaxed),
        .busy_cores = atomic_load_explicit(&crew->busy_cores, memory_order_relaxed)};
}
