/* SPDX-License-Identifier: Apache-2.0 */
/* What the shadow is made of: shared by the files of shadow calls alone.
 *
 * A thread computes on a lane of its own of the standby model, which it keeps open; the model it
 * pins for a batch at a time, so that a load or an unload waits for one batch at most. The lane has
 * to be closed before the model goes: whoever ends the shadow takes, under the engine's mutex, the
 * pin that the thread does not hold just then, and the thread gives it back when the lane is
 * closed. So nobody who ends a shadow waits, and nobody who empties the slot can be too early. */
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

    mgi_lock change_lock; /* one change at a time; before the engine's mutex */
    bool has_thread;
    pthread_t thread;

    /* The engine's mutex guards these; the lane is the thread's while it runs. */
    bool running;
    bool busy; /* the thread holds `pin` */
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

/* Waits until the thread of a shadow that has ended is gone. The setter is held, the engine's mutex
 * is not. */
void mgi_shadow_join(mgi_shadow *shadow);

#endif
