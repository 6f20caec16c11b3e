/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine is made of: shared by the files of lib/engine alone. */
#ifndef MGI_ENGINE_STATE_H
#define MGI_ENGINE_STATE_H

#include "core/lock.h"
#include "core/log.h"
#include "engine/slot_model.h"
#include "engine/slots.h"
#include "journal/journal.h"

struct mgeo_engine {
    uint64_t process; /* mgi_process_token of the creator */
    mgi_log log;
    uint32_t queue_rows;
    double drain_grace_seconds;   /* seconds; await_idle_standby says for what */
    char actor[128];              /* who acts where a call does not say */
    mgi_journal *journal;         /* NULL: none */
    mgi_thread_pool *thread_pool; /* threads that both slots' models are computed by on the CPU */
    struct mgi_watch *watcher;
    struct mgi_shadow *shadow;
    mgi_slots slots;
    _Atomic uint64_t stall_nanoseconds; /* the longest that a call lost by meeting a turn */
    _Atomic uint64_t canary_calls;

    mgi_lock mutex; /* guards what follows, and turns of the slots; held for moments only */
    mgi_slot_model slot_models[MGI_SLOTS];
    uint32_t leases[MGI_SLOTS];   /* long users: jobs, comparisons, gates */
    uint64_t rollback_generation; /* generation to which a roll-back turns; 0: none */
    bool draining;     /* the standby slot waits for its last calls and may not go live */
    bool gate_running; /* a gate measures: who answers may only go back */
    bool loading;
    uint64_t generations; /* successful loads so far */
    mgeo_rollout counts;  /* of its members, those that count events and jobs */

    mgi_lock standby_lock; /* held, before `mutex`, by the one who empties the standby slot */
};

#endif
