/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine is made of: shared by the files of lib/engine alone. */
#ifndef MGI_ENGINE_STATE_H
#define MGI_ENGINE_STATE_H

#include "core/background.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/names.h"
#include "engine/engine.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/watch.h"
#include "engine/slots.h"
#include "journal/journal.h"
#include "run/runner.h"

/* A model in its slot. Written only while the slot serves nobody and nobody holds it; read by
 * whoever holds a pin, or the engine's mutex. */
typedef struct mgi_slot_model {
    mgi_runner *runner; /* NULL: the slot is empty */
    mgeo_model_info info;
} mgi_slot_model;

/* What is asked of a model in its slot: its info as things stand. */
static inline void mgi_query_describe(const mgi_slot_model *resident, bool live,
                                      mgeo_model_info *info) {
    *info = resident->info;
    info->live = live;
    info->healthy = mgi_runner_healthy(resident->runner);
}

struct mgeo_engine {
    uint64_t process; /* mgi_process_token of the creator */
    mgi_log log;
    uint32_t queue_rows;
    double patience;       /* seconds; await_idle_standby says for what */
    char actor[128];       /* who acts where a call does not say */
    mgi_journal *journal;  /* NULL: none */
    mgi_thread_pool *crew; /* threads that both slots' models are computed by on the CPU */
    mgi_watch *watcher;
    mgi_shadow *shadow;
    mgi_slots slots;
    _Atomic uint64_t stall_nanoseconds; /* the longest that a call lost by meeting a turn */
    _Atomic uint64_t canary_calls;

    mgi_lock mutex; /* guards what follows, and turns of the slots; held for moments only */
    mgi_slot_model slot_models[MGI_SLOTS];
    uint32_t holds[MGI_SLOTS]; /* long users: jobs, comparisons, gates */
    uint64_t former;           /* generation to which a roll-back turns; 0: none */
    bool emptying;             /* the standby slot waits for its last calls and may not go live */
    bool deciding;             /* a gate measures: who answers may only go back */
    bool loading;
    uint64_t generations; /* successful loads so far */
    mgeo_rollout counts;  /* of its members, those that count events and jobs */

    mgi_lock emptier; /* held, before `mutex`, by the one who empties the standby slot */
};

static inline int32_t mgi_slots_other(int32_t slot) {
    return slot == MGEO_BLUE ? MGEO_GREEN : MGEO_BLUE;
}

/* The slot that serves nobody but a canary: the first load's choice too. The mutex is held. */
static inline int32_t mgi_standby_slot(const mgeo_engine *engine) {
    return mgi_slots_live(&engine->slots) == MGEO_BLUE ? MGEO_GREEN : MGEO_BLUE;
}

/* ---- standby.c ---- */

/* May the standby model be replaced or unloaded? The mutex is held. Errors: MGEO_E_BUSY, with a
 * line that says who uses it. */
mgeo_status mgi_standby_may_empty(const mgeo_engine *engine, mgeo_error *error);

/* The model that makes way for a loaded one. */
typedef struct mgi_standby_replaced {
    mgi_runner *runner; /* which the caller destroys; NULL: the slot was empty */
    mgeo_model_info info;
    uint64_t calls; /* that were waited for */
} mgi_standby_replaced;

/* May the standby model be given a share of the calls, `to` "answer" or "score"? The mutex is held.
 * Errors: MGEO_E_NO_MODEL, MGEO_E_BUSY. */
mgeo_status mgi_standby_may_share(const mgeo_engine *engine, const char *to, mgeo_error *error);

/* Puts `next` into the standby slot, and makes it live if nothing is; its slot, generation and live
 * are filled in. First waits until nobody uses the model that stood by there. *ticket is the
 * event's place in the journal. Errors: MGEO_E_CANCELLED (progress); then nothing has changed. */
mgeo_status mgi_standby_fill(mgeo_engine *engine, mgi_slot_model *next, mgeo_progress *progress,
                             mgi_standby_replaced *replaced, uint64_t *ticket, mgeo_error *error);

/* Long use of a slot that has a model: counted, so that it is not replaced meanwhile. The mutex is
 * held for mgi_lease_take, not for mgi_lease_return. */
mgi_pin mgi_lease_take(mgeo_engine *engine, int32_t slot);
void mgi_lease_return(mgeo_engine *engine, mgi_pin pin);

#endif
