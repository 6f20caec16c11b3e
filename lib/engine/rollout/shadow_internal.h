/* SPDX-License-Identifier: Apache-2.0 */
/* What the shadow is made of: shared by the files of shadow calls alone.
 *
 * The thread has a scorer of its own on the standby model, which stays open from batch to batch;
 * the model is pinned for one batch at a time, so that a load or an unload waits for one batch at
 * most. The scorer has to be closed before the model goes. Therefore whoever ends the shadow takes,
 * under the engine's mutex, the pin that the thread does not have just then, and the thread gives
 * it back when it has closed the scorer: ending a shadow never waits, and the slot cannot be
 * emptied too early. */
#ifndef MGI_ENGINE_ROLLOUT_SHADOW_INTERNAL_H
#define MGI_ENGINE_ROLLOUT_SHADOW_INTERNAL_H

#include "engine/rollout/shadow.h"
#include "engine/rollout/shadow_stats.h"
#include "engine/state.h"
#include "run/side_scorer.h"

struct mgi_shadow {
    mgeo_engine *engine;
    _Atomic uint32_t share;
    _Atomic uint64_t generation; /* of the live model; written before the share */
    _Atomic uint64_t seen;       /* calls that could have been chosen */

    mgi_lock change_lock;      /* one change at a time; taken before the engine's mutex */
    mgi_shadow_stats prepared; /* for the shadow to come: too large for callers' stacks */
    bool has_thread;
    pthread_t thread;

    /* The engine's mutex guards these; the scorer is the thread's while it runs. */
    bool running;
    bool busy; /* the thread has `pin` */
    int32_t slot;
    mgi_pin pin;
    mgi_side_scorer *scorer;
    bool low_priority;

    mgi_shadow_queue queue;
    mgi_lock mutex; /* guards figures; before the queue's */
    mgi_shadow_stats stats;
};

/* The thread's body; the argument is the shadow. */
void *mgi_shadow_thread_main(void *argument);

/* Waits until the thread of a shadow that has ended is gone. The change lock is held, the engine's
 * mutex is not. */
void mgi_shadow_join(mgi_shadow *shadow);

#endif
