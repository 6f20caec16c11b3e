/* SPDX-License-Identifier: Apache-2.0 */
/* A batch that is alone is computed by several threads: its own, and helpers of the thread pool. */
#ifndef MGI_RUN_LENT_TEAM_H
#define MGI_RUN_LENT_TEAM_H

#include "backend/team.h"
#include "core/lock.h"
#include "run/thread_pool.h"

#include <stdatomic.h>

/* Lent for one batch at a time; lies at a multiple of 64 bytes. One thread at a time uses it, the
 * one that runs the batch. */
typedef struct mgi_lent_team {
    mgi_team team; /* first, so that it leads back here */
    mgi_thread_pool *pool;
    mgi_thread_pool_task help; /* what helpers enter */
    bool called;               /* has this batch asked for helpers? */

    /* The phase, which is one call of `share`. Written while no helper holds a part, and read by
     * those that do. */
    void (*work)(void *context, unsigned part);
    void *context;

    /* The batch's thread, once it has waited for the helpers' parts too long to spin. */
    mgi_lock mutex;
    pthread_cond_t done;
    atomic_bool sleeping;

    /* What helpers spin on: the batch's number in the high half, odd while it runs, and in the low
     * half how many parts of the phase nobody has taken so far. */
    _Alignas(64) _Atomic uint64_t open;
    _Alignas(64) _Atomic uint32_t unfinished; /* parts of the phase that are not done */
    _Alignas(64) _Atomic uint32_t present;    /* threads inside `help` */
    _Atomic uint32_t most;                    /* helpers that the batch may have */
    atomic_bool left_early;                   /* a helper was needed elsewhere */
} mgi_lent_team;

/* Helpers will be `pool`'s. All zero before. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_lent_team_init(mgi_lent_team *lent, mgi_thread_pool *pool, mgeo_error *error);

/* Waits for helpers that are leaving. All zero: nothing to do. */
void mgi_lent_team_finish(mgi_lent_team *lent);

/* The team for a batch on so many cores. Helpers are called when the backend first shares work; one
 * core has none. */
mgi_team *mgi_lent_team_begin(mgi_lent_team *lent, unsigned cores);

/* The batch is over; helpers leave. Returns whether it kept those that it had: if not, it says
 * little of what that many cores can do. */
bool mgi_lent_team_end(mgi_lent_team *lent);

#endif
