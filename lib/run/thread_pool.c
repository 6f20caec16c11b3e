/* Threads that compute, shared by the models of an engine. */
#define _GNU_SOURCE
#include "run/thread_pool.h"

#include "core/alloc.h"
#include "core/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* One thread. */
typedef struct mgi_hand {
    mgi_crew *crew;
    mgi_task *task; /* to work at; NULL: none */
    pthread_cond_t wake;
    pthread_t thread;
    unsigned number;
    struct mgi_hand *next; /* of all */
    struct mgi_hand *next_idle;
} mgi_hand;

struct mgi_crew {
    pthread_mutex_t mutex; /* guards the rest and what tasks have of the crew's; taken last */
    pthread_cond_t left;   /* a task has one thread less */
    mgi_hand *hands;
    mgi_hand *idle;  /* last in, first out: warm caches first, and the processor is free */
    mgi_hand *guard; /* sleeps until a task has starved for long enough; NULL: none does */
    double guard_until;
    mgi_task *joined;
    mgi_task *first, *last; /* tasks that wait for a thread, in turn */
    uint32_t count;         /* of hands */
    uint32_t working;       /* hands that have a task */
    bool ending;

    /* Read without the mutex, on the way of every batch; the first is written with it. */
    _Atomic uint32_t cores;
    _Atomic uint32_t batches;
    _Atomic uint32_t busy_cores;
};

/* ---- tasks that wait; the mutex is held, as in all of the next ------------------------------- */

static void mgi_task_list(mgi_crew *crew, mgi_task *task) {
    task->next = NULL;
    task->listed = true;
    *(crew->first == NULL ? &crew->first : &crew->last->next) = task;
    crew->last = task;
}

static void mgi_task_unlist(mgi_crew *crew, mgi_task *task) {
    mgi_task *before = NULL;
    for (mgi_task *at = crew->first; at != task; at = at->next) before = at;
    *(before == NULL ? &crew->first : &before->next) = task->next;
    if (crew->last == task) crew->last = before;
    task->listed = false;
}

static bool mgi_task_starves(const mgi_task *task) { return task->listed && task->inside == 0; }

/* Of those that starve the one whose patience ends first; NULL: none does. */
static mgi_task *mgi_task_most_urgent(const mgi_crew *crew) {
    mgi_task *urgent = NULL;
    for (mgi_task *at = crew->first; at != NULL; at = at->next) {
        if (!mgi_task_starves(at)) continue;
        if (urgent == NULL || at->overdue < urgent->overdue) urgent = at;
    }
    return urgent;
}

/* ---- hands ----------------------------------------------------------------------------------- */

static void mgi_hand_give(mgi_hand *hand, mgi_task *task) {
    hand->task = task;
    task->inside++;
    hand->crew->working++;
}

/* Gives the hand a task that waits; if more threads are wanted for that, it is the last in turn. */
static void mgi_hand_give_listed(mgi_hand *hand, mgi_task *task) {
    mgi_task_unlist(hand->crew, task);
    if (--task->wanted > 0) mgi_task_list(hand->crew, task);
    mgi_hand_give(hand, task);
}

static mgi_hand *mgi_hand_wake(mgi_crew *crew) {
    mgi_hand *hand = crew->idle;
    crew->idle = hand->next_idle;
    pthread_cond_signal(&hand->wake);
    return hand;
}

/* Somebody watches the time while a task starves, as long as there is anybody. */
static void mgi_crew_post_guard(mgi_crew *crew) {
    const mgi_task *urgent = mgi_task_most_urgent(crew);
    if (urgent == NULL) return;
    if (crew->guard == NULL) {
        if (crew->idle == NULL) return;
        crew->guard = mgi_hand_wake(crew);
    } else if (urgent->overdue < crew->guard_until) {
        pthread_cond_signal(&crew->guard->wake);
    }
    crew->guard_until = urgent->overdue;
}

/* The hand has no task: it takes the first that waits, or rests. */
static void mgi_hand_seek(mgi_hand *hand) {
    mgi_crew *crew = hand->crew;
    if (crew->first != NULL && crew->working < crew->cores) {
        mgi_hand_give_listed(hand, crew->first);
    } else {
        hand->next_idle = crew->idle;
        crew->idle = hand;
    }
    mgi_crew_post_guard(crew);
}

static void mgi_hand_work(mgi_hand *hand) {
    mgi_crew *crew = hand->crew;
    mgi_task *task = hand->task;
    pthread_mutex_unlock(&crew->mutex);
    task->body(task);
    pthread_mutex_lock(&crew->mutex);
    hand->task = NULL;
    crew->working--;
    if (--task->inside == 0) {
        task->overdue = mgi_now() + task->patience;
        pthread_cond_broadcast(&crew->left);
    }
    mgi_hand_seek(hand);
}

static void mgi_hand_keep_guard(mgi_hand *hand) {
    mgi_crew *crew = hand->crew;
    mgi_task *urgent = mgi_task_most_urgent(crew);
    if (urgent != NULL && mgi_now() < urgent->overdue) {
        crew->guard_until = urgent->overdue;
        mgi_cond_wait_until(&hand->wake, &crew->mutex, urgent->overdue);
        return;
    }
    crew->guard = NULL;
    if (urgent == NULL) {
        mgi_hand_seek(hand);
    } else {
        mgi_hand_give_listed(hand, urgent);
        mgi_crew_post_guard(crew);
    }
}

static void *mgi_hand_main(void *argument) {
    mgi_hand *hand = argument;
    mgi_crew *crew = hand->crew;
    char name[16];
    snprintf(name, sizeof name, "mgeo-%u", hand->number);
    mgi_thread_name(name);
    pthread_mutex_lock(&crew->mutex);
    mgi_hand_seek(hand);
    while (!crew->ending) {
        if (hand->task != NULL) {
            mgi_hand_work(hand);
        } else if (crew->guard == hand) {
            mgi_hand_keep_guard(hand);
        } else {
            pthread_cond_wait(&hand->wake, &crew->mutex);
        }
    }
    pthread_mutex_unlock(&crew->mutex);
    return NULL;
}

/* ---- life; the mutex is not held ------------------------------------------------------------- */

mgi_crew *mgi_crew_create(void) {
    mgi_crew *crew = mgi_calloc(1, sizeof *crew);
    if (crew == NULL) return NULL;
    /* With default attributes these cannot fail on the systems we build for. */
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_cond_init(&crew->left, NULL);
    return crew;
}

static void mgi_crew_dismiss(mgi_crew *crew) {
    pthread_mutex_lock(&crew->mutex);
    crew->ending = true;
    for (mgi_hand *hand = crew->hands; hand != NULL; hand = hand->next) {
        pthread_cond_signal(&hand->wake);
    }
    pthread_mutex_unlock(&crew->mutex);
}

void mgi_crew_destroy(mgi_crew *crew) {
    if (crew == NULL) return;
    mgi_crew_dismiss(crew);
    while (crew->hands != NULL) {
        mgi_hand *hand = crew->hands;
        crew->hands = hand->next;
        pthread_join(hand->thread, NULL);
        pthread_cond_destroy(&hand->wake);
        mgi_free(hand);
    }
    pthread_cond_destroy(&crew->left);
    pthread_mutex_destroy(&crew->mutex);
    mgi_free(crew);
}

/* ---- joining; the mutex is held -------------------------------------------------------------- */

static mgeo_status mgi_crew_hire(mgi_crew *crew, mgeo_error *error) {
    mgi_hand *hand = mgi_calloc(1, sizeof *hand);
    if (hand == NULL) return mgi_fail_memory(error, "a thread", sizeof *hand);
    hand->crew = crew;
    hand->number = crew->count;
    int failed = mgi_cond_init(&hand->wake);
    if (failed == 0) {
        failed = mgi_thread_start(&hand->thread, mgi_hand_main, hand);
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
static uint32_t mgi_crew_reckon(mgi_crew *crew) {
    uint32_t tasks = 0, cores = 0;
    for (const mgi_task *task = crew->joined; task != NULL; task = task->next_joined) {
        tasks++;
        if (task->most > cores) cores = task->most;
    }
    atomic_store(&crew->cores, cores);
    return tasks == 0 ? 0 : cores + tasks - 1;
}

static void mgi_crew_unjoin(mgi_crew *crew, mgi_task *task) {
    mgi_task **at = &crew->joined;
    while (*at != task) at = &(*at)->next_joined;
    *at = task->next_joined;
    mgi_crew_reckon(crew);
}

mgeo_status mgi_crew_join(mgi_crew *crew, mgi_task *task, uint32_t most, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    pthread_mutex_lock(&crew->mutex);
    *task = (mgi_task){.body = task->body, .most = most, .next_joined = crew->joined};
    crew->joined = task;
    uint32_t wanted = mgi_crew_reckon(crew);
    while (crew->count < wanted && status == MGEO_OK) status = mgi_crew_hire(crew, error);
    if (status != MGEO_OK) mgi_crew_unjoin(crew, task);
    pthread_mutex_unlock(&crew->mutex);
    return status;
}

void mgi_crew_leave(mgi_crew *crew, mgi_task *task) {
    pthread_mutex_lock(&crew->mutex);
    if (task->listed) mgi_task_unlist(crew, task);
    task->wanted = 0;
    while (task->inside > 0) pthread_cond_wait(&crew->left, &crew->mutex);
    mgi_crew_unjoin(crew, task);
    pthread_mutex_unlock(&crew->mutex);
}

/* ---- calls ----------------------------------------------------------------------------------- */

void mgi_crew_call(mgi_crew *crew, mgi_task *task, uint32_t threads, double patience) {
    pthread_mutex_lock(&crew->mutex);
    task->patience = patience;
    for (; threads > task->wanted && crew->first == NULL; threads--) {
        if (crew->idle == NULL || crew->working >= crew->cores) break;
        mgi_hand_give(mgi_hand_wake(crew), task);
    }
    if (threads > task->wanted) {
        task->wanted = threads;
        if (!task->listed) {
            task->overdue = mgi_now() + patience;
            mgi_task_list(crew, task);
            mgi_crew_post_guard(crew);
        }
    }
    pthread_mutex_unlock(&crew->mutex);
}

bool mgi_crew_is_pressed(mgi_crew *crew, const mgi_task *task) {
    pthread_mutex_lock(&crew->mutex);
    bool others = crew->first != NULL && (crew->first != task || crew->first->next != NULL);
    bool pressed = others || crew->working > crew->cores;
    pthread_mutex_unlock(&crew->mutex);
    return pressed;
}

void mgi_crew_begin_batch(mgi_crew *crew, uint32_t cores) {
    atomic_fetch_add_explicit(&crew->batches, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&crew->busy_cores, cores, memory_order_relaxed);
}

void mgi_crew_end_batch(mgi_crew *crew, uint32_t cores) {
    atomic_fetch_sub_explicit(&crew->batches, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&crew->busy_cores, cores, memory_order_relaxed);
}

mgi_crew_use mgi_crew_look(const mgi_crew *crew) {
    return (mgi_crew_use){.cores = atomic_load_explicit(&crew->cores, memory_order_relaxed),
                          .batches = atomic_load_explicit(&crew->batches, memory_order_relaxed),
                          .busy_cores =
                              atomic_load_explicit(&crew->busy_cores, memory_order_relaxed)};
}
