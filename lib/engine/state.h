/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine is made of: shared by the files of lib/engine alone. */
#ifndef MGI_ENGINE_STATE_H
#define MGI_ENGINE_STATE_H

#include "core/lock.h"
#include "core/log.h"
#include "engine/slot_model.h"
#include "engine/slots.h"
#include "journal/journal.h"

/* Two counts say that a model is in use, and they are not the same.
 *
 * A pin (slots.h) is one call's, and lasts as long as the call: it keeps the model's memory where
 * it is. Callers take it without a lock. A slot is drained by waiting for its pins.
 *
 * A lease (lease.h) is a long user's: a job, a comparison, a gate. It is counted in `leases`, under
 * the mutex, and holds a pin besides. A model with leases is not chosen to be emptied at all, since
 * waiting for them could take for ever: a load or an unload that would need it is MGEO_E_BUSY, or
 * waits where it can be cancelled. */
struct mgeo_engine {
    uint64_t process; /* mgi_process_token of the creator */
    mgi_log log;
    uint32_t queue_rows;
    double drain_grace_seconds;   /* see await_idle_standby in standby.c */
    char actor[128];              /* who acts where a call does not say */
    mgi_journal *journal;         /* NULL: none */
    mgi_thread_pool *thread_pool; /* of both slots' models, on the CPU */
    struct mgi_watch *watcher;
    struct mgi_shadow *shadow;
    mgi_slots slots;
    _Atomic uint64_t stall_nanoseconds; /* the longest that a call lost by meeting a cut-over */
    _Atomic uint64_t canary_calls;

    mgi_lock mutex; /* guards what follows, and the route; held for moments only */
    mgi_slot_model slot_models[MGI_SLOTS];
    uint32_t leases[MGI_SLOTS];   /* jobs, comparisons and gates that use the model */
    uint64_t rollback_generation; /* where a roll-back goes; 0: nowhere */
    bool draining;     /* the standby slot waits for its last calls: it may not go live */
    bool gate_running; /* a gate measures: traffic may only roll back */
    bool loading;
    uint64_t generations; /* successful loads so far */
    mgeo_rollout counts;  /* of its members, those that count events and jobs */

    /* Taken before `mutex`, and held while the standby slot is emptied. */
    mgi_lock standby_lock;
};

#endif
