/* SPDX-License-Identifier: Apache-2.0 */
/* Waits on conditions, and the account that debug builds keep of each thread's locks. */
#define _GNU_SOURCE
#include "core/lock.h"

#include <time.h>

int mgi_lock_cond_init(pthread_cond_t *cond) {
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    if (failed != 0) return failed;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failed = pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return failed;
}

void mgi_lock_wait_until(mgi_lock *lock, pthread_cond_t *cond, double time) {
    struct timespec until = {.tv_sec = (time_t)time};
    until.tv_nsec = (long)(1e9 * (time - (double)until.tv_sec));
    MGI_LOCK_NOTE_WAITING(lock);
    pthread_cond_timedwait(cond, &lock->mutex, &until);
    MGI_LOCK_NOTE_TAKEN(lock);
}

#ifdef MGI_LOCK_CHECKED

#include <stdio.h>
#include <stdlib.h>

static _Thread_local unsigned held; /* a bit for each rank */
_Static_assert(MGI_LOCK_RANKS <= 8 * sizeof held, "a bit for each rank");

static const char *const names[MGI_LOCK_RANKS] = {
#define NAME(name, called, guards) [MGI_LOCK_##name] = called,
    MGI_LOCK_LIST(NAME)
#undef NAME
};

void mgi_lock_note_taken(mgi_lock_rank rank) {
    if (held >> rank != 0) {
        int last = MGI_LOCK_RANKS - 1;
        while ((held & 1u << last) == 0) last--;
        fprintf(stderr, "lock order: \"%s\" is taken while \"%s\" is held (see core/lock.h)\n",
                names[rank], names[last]);
        abort();
    }
    held |= 1u << rank;
}

void mgi_lock_note_released(mgi_lock_rank rank) {
    if ((held & 1u << rank) == 0) {
        fprintf(stderr, "lock order: \"%s\" is released by a thread that does not hold it\n",
                names[rank]);
        abort();
    }
    held &= ~(1u << rank);
}

/* The wait will take the lock again: whether that is in order is known before it begins. */
void mgi_lock_note_waiting(mgi_lock_rank rank) {
    mgi_lock_note_released(rank);
    mgi_lock_note_taken(rank);
    mgi_lock_note_released(rank);
}

#endif
