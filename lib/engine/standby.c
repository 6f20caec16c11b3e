/* SPDX-License-Identifier: Apache-2.0 */
/* The standby slot: who may use it, filled by loads, emptied by unloads. */
#include "engine/standby.h"

#include "core/clock.h"
#include "core/progress.h"
#include "engine/events.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/watch.h"
#include "engine/state.h"

#include <time.h>

/* ---- who uses it; the mutex is held ---------------------------------------------------------- */

int32_t mgi_standby_slot(const mgeo_engine *engine) {
    return mgi_slots_live(&engine->slots) == MGEO_BLUE ? MGEO_GREEN : MGEO_BLUE;
}

mgeo_status mgi_standby_may_empty(const mgeo_engine *engine, mgeo_error *error) {
    uint32_t share = mgi_slots_share(&engine->slots);
    if (share > 0) {
        return mgi_fail(error, MGEO_E_BUSY,
                        "the standby model answers %u of 10,000 calls: set the canary's share to 0 "
                        "first",
                        share);
    }
    uint32_t holds = engine->leases[mgi_standby_slot(engine)];
    if (holds > 0) {
        return mgi_fail(error, MGEO_E_BUSY,
                        "%u jobs, comparisons or gates use the standby model: wait until they end",
                        holds);
    }
    return MGEO_OK;
}

mgeo_status mgi_standby_may_share(const mgeo_engine *engine, const char *to, mgeo_error *error) {
    if (mgi_slots_live(&engine->slots) < 0 || engine->draining ||
        engine->slot_models[mgi_standby_slot(engine)].runner == NULL) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "no model is on standby to %s a share of the calls: load one first", to);
    }
    if (engine->loading) {
        return mgi_fail(error, MGEO_E_BUSY,
                        "a load will replace the standby model: set the share when it is done");
    }
    if (engine->gate_running) {
        return mgi_fail(error, MGEO_E_BUSY,
                        "a gate measures the standby model: set the share when it has decided");
    }
    return MGEO_OK;
}

/* ---- filling and emptying -------------------------------------------------------------------- */

/* Waits for the standby model's users before it is replaced. Its last calls are waited for here for
 * drain_grace_seconds only: so long a roll-back to it is still possible. What is left of them then
 * is drained while the model may not go live, so that the load ends under any traffic. Leases and a
 * canary are waited for without an end, and swaps and roll-backs go on meanwhile. The mutex is held
 * on entry and on return. */
static mgeo_status await_idle_standby(mgeo_engine *engine, mgeo_progress *progress,
                                      mgeo_error *error) {
    double until = mgi_clock_now() + engine->drain_grace_seconds;
    for (;;) {
        int32_t slot = mgi_standby_slot(engine);
        bool held =
            engine->gate_running || engine->leases[slot] > 0 || mgi_slots_share(&engine->slots) > 0;
        bool used = mgi_slots_pins(&engine->slots, slot) > 0 && mgi_clock_now() < until;
        if (!held && !used) return MGEO_OK;
        mgeo_status status = mgi_progress_check(progress, error);
        if (status != MGEO_OK) return status;
        mgi_lock_release(&engine->mutex);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        mgi_lock_acquire(&engine->mutex);
    }
}

static void put_into_slot(mgeo_engine *engine, int32_t slot, mgi_slot_model *next) {
    next->info.slot = slot;
    next->info.generation = ++engine->generations;
    engine->slot_models[slot] = *next;
    engine->counts.loads++;
    if (mgi_slots_live(&engine->slots) < 0) mgi_slots_set_route(&engine->slots, slot, 0);
    next->info.live = mgi_slots_live(&engine->slots) == slot;
}

/* Drains the slot, to which no calls are sent any more, and empties it. The mutex is held on entry
 * and on return. */
static mgi_runner *take_out(mgeo_engine *engine, int32_t slot) {
    engine->draining = true;
    if (engine->slot_models[slot].runner != NULL) {
        mgi_watch_end(engine->watcher,
                      "the model to turn back to was unloaded, or replaced by a load");
        mgi_shadow_end(engine->shadow);
    }
    mgi_lock_release(&engine->mutex);
    mgi_slots_drain(&engine->slots, slot);
    mgi_lock_acquire(&engine->mutex);
    mgi_runner *former = engine->slot_models[slot].runner;
    engine->slot_models[slot].runner = NULL;
    engine->rollback_generation = 0;
    engine->draining = false;
    return former;
}

mgeo_status mgi_standby_fill(mgeo_engine *engine, mgi_slot_model *next, mgeo_progress *progress,
                             mgi_standby_replaced *replaced, uint64_t *ticket, mgeo_error *error) {
    mgi_lock_acquire(&engine->standby_lock);
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = await_idle_standby(engine, progress, error);
    if (status == MGEO_OK) {
        int32_t slot = mgi_standby_slot(engine);
        replaced->info = engine->slot_models[slot].info;
        replaced->calls = (uint64_t)mgi_slots_pins(&engine->slots, slot);
        replaced->runner = take_out(engine, slot);
        put_into_slot(engine, slot, next);
        *ticket = mgi_journal_ticket(engine->journal);
    }
    mgi_lock_release(&engine->mutex);
    mgi_lock_release(&engine->standby_lock);
    return status;
}

/* ---- unload ---------------------------------------------------------------------------------- */

typedef struct unload_run {
    mgi_runner *former;
    mgeo_model_info info;
    uint64_t calls; /* that were drained */
    uint64_t ticket;
    double seconds;
} unload_run;

/* The mutex is held. */
static mgeo_status may_unload(const mgeo_engine *engine, mgeo_error *error) {
    if (engine->slot_models[mgi_standby_slot(engine)].runner == NULL) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is on standby: nothing to unload");
    }
    return mgi_standby_may_empty(engine, error);
}

/* Takes the standby lock. A load may have it for as long as a job runs, and no unload waits for
 * jobs: so whether the unload is possible is asked again and again. */
static mgeo_status lock_standby(mgeo_engine *engine, mgeo_error *error) {
    for (;;) {
        mgi_lock_acquire(&engine->mutex);
        mgeo_status status = may_unload(engine, error);
        mgi_lock_release(&engine->mutex);
        if (status != MGEO_OK || mgi_lock_try(&engine->standby_lock)) return status;
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
}

/* The mutex is held on entry and on return. */
static mgeo_status take_standby(mgeo_engine *engine, unload_run *unload, mgeo_error *error) {
    int32_t slot = mgi_standby_slot(engine);
    mgeo_status status = may_unload(engine, error);
    if (status != MGEO_OK) return status;
    double start = mgi_clock_now();
    unload->info = engine->slot_models[slot].info;
    unload->calls = (uint64_t)mgi_slots_pins(&engine->slots, slot);
    unload->former = take_out(engine, slot);
    unload->seconds = mgi_clock_now() - start;
    unload->ticket = mgi_journal_ticket(engine->journal);
    engine->counts.unloads++;
    return MGEO_OK;
}

static mgi_journal_record *unload_record(const mgeo_engine *engine, const unload_run *unload) {
    mgi_journal_record *record = mgi_journal_record_create("unload", engine->actor, NULL);
    mgi_journal_record_model(record, "model", &unload->info);
    mgi_journal_record_integer(record, "calls_drained", unload->calls);
    mgi_journal_record_number(record, "drain_seconds", unload->seconds);
    return record;
}

mgeo_status mgi_standby_unload(mgeo_engine *engine, mgeo_error *error) {
    unload_run unload = {0};
    mgeo_status status = lock_standby(engine, error);
    if (status != MGEO_OK) return status;
    mgi_lock_acquire(&engine->mutex);
    status = take_standby(engine, &unload, error);
    mgi_lock_release(&engine->mutex);
    mgi_lock_release(&engine->standby_lock);
    if (status != MGEO_OK) return status;
    /* The journal first: the lines of later events wait for this one. */
    mgi_events_write(engine, unload.ticket, unload_record(engine, &unload));
    mgi_runner_destroy(unload.former);
    mgi_log_line(&engine->log, MGEO_LOG_INFO, "unloaded %s", unload.info.version);
    return MGEO_OK;
}
