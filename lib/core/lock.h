/* SPDX-License-Identifier: Apache-2.0 */
/* Mutexes that have a place in one order, and a check in debug builds that threads keep it. */
#ifndef MGI_CORE_LOCK_H
#define MGI_CORE_LOCK_H

#include <pthread.h>
#include <stdbool.h>

/* Every mutex of the library, in the order in which a thread may take them: while it holds one, it
 * takes only such as stand further down, and of each kind one at a time. docs/architecture.md has
 * the same list, and a test compares the two. Entries: name, what its users call it, what it
 * guards. (The CUDA kernels, which know nothing of libmgeo, have a mutex of their own around what
 * they know of the cards; nothing else is taken while it is held.) */
#define MGI_LOCK_LIST(LOCK)                                                                        \
    LOCK(STANDBY, "standby", "emptying the standby slot: one load or unload at a time")            \
    LOCK(SHADOW_CHANGE, "shadow change", "changes of the shadow's share: one at a time")           \
    LOCK(ENGINE, "engine", "slots, route changes, the watch and the counts of events")             \
    LOCK(SHADOW_REPORT, "shadow report", "what the shadow has found so far")                       \
    LOCK(SHADOW_QUEUE, "shadow queue", "pairs of live calls that wait for the shadow's thread")    \
    LOCK(RUNNER, "runner", "one model's row queue, its callers and its workers")                   \
    LOCK(CUDA_ENCODER, "CUDA encoder", "which parts of a card's memory its lanes have taken")      \
    LOCK(TEAM, "team", "the sleep of a batch's thread until its helpers are done")                 \
    LOCK(WEIGHTS, "weights", "which tensors of a model that is being loaded are in memory")        \
    LOCK(JOURNAL, "journal", "the order of the lines to be written")                               \
    LOCK(THREAD_POOL, "thread pool", "threads and the models that wait for them")                  \
    LOCK(INDEX_CHANGE, "index change", "changes of an index: one at a time")

typedef enum mgi_lock_rank {
#define MGI_LOCK_RANK(name, called, guards) MGI_LOCK_##name,
    MGI_LOCK_LIST(MGI_LOCK_RANK)
#undef MGI_LOCK_RANK
        MGI_LOCK_RANKS /* how many there are */
} mgi_lock_rank;

typedef struct mgi_lock {
    pthread_mutex_t mutex;
#ifdef MGI_LOCK_CHECKED
    mgi_lock_rank rank;
#endif
} mgi_lock;

/* In debug builds (the option check_locks) each thread keeps account of what it holds. A lock that
 * is taken out of order, or released without being held, ends the program with a line that names
 * it and what is held. In all other builds what follows is the call of pthreads and nothing else.
 */
#ifdef MGI_LOCK_CHECKED
void mgi_lock_note_taken(mgi_lock_rank rank);
void mgi_lock_note_released(mgi_lock_rank rank);
void mgi_lock_note_waiting(mgi_lock_rank rank);
#define MGI_LOCK_NOTE_TAKEN(lock) mgi_lock_note_taken((lock)->rank)
#define MGI_LOCK_NOTE_RELEASED(lock) mgi_lock_note_released((lock)->rank)
#define MGI_LOCK_NOTE_WAITING(lock) mgi_lock_note_waiting((lock)->rank)
#else
#define MGI_LOCK_NOTE_TAKEN(lock) ((void)(lock))
#define MGI_LOCK_NOTE_RELEASED(lock) ((void)(lock))
#define MGI_LOCK_NOTE_WAITING(lock) ((void)(lock))
#endif

/* Returns 0 or an error's number. */
static inline int mgi_lock_init(mgi_lock *lock, mgi_lock_rank rank) {
#ifdef MGI_LOCK_CHECKED
    lock->rank = rank;
#else
    (void)rank;
#endif
    return pthread_mutex_init(&lock->mutex, NULL);
}

static inline void mgi_lock_finish(mgi_lock *lock) { pthread_mutex_destroy(&lock->mutex); }

/* The check comes before the wait, so that a deadlock is reported and not entered. */
static inline void mgi_lock_acquire(mgi_lock *lock) {
    MGI_LOCK_NOTE_TAKEN(lock);
    pthread_mutex_lock(&lock->mutex);
}

/* false: another thread has it. */
static inline bool mgi_lock_try(mgi_lock *lock) {
    MGI_LOCK_NOTE_TAKEN(lock);
    if (pthread_mutex_trylock(&lock->mutex) == 0) return true;
    MGI_LOCK_NOTE_RELEASED(lock);
    return false;
}

static inline void mgi_lock_release(mgi_lock *lock) {
    MGI_LOCK_NOTE_RELEASED(lock);
    pthread_mutex_unlock(&lock->mutex);
}

/* As pthread_cond_wait: the lock is held on entry and on return, but not in between. */
static inline void mgi_lock_wait(mgi_lock *lock, pthread_cond_t *cond) {
    MGI_LOCK_NOTE_WAITING(lock);
    pthread_cond_wait(cond, &lock->mutex);
    MGI_LOCK_NOTE_TAKEN(lock);
}

/* The same until a time of mgi_clock_now(), for a condition that mgi_lock_cond_init made. */
void mgi_lock_wait_until(mgi_lock *lock, pthread_cond_t *cond, double time);

/* A condition whose timed waits go by mgi_clock_now()'s clock. Returns 0 or an error's number. */
int mgi_lock_cond_init(pthread_cond_t *cond);

#endif
