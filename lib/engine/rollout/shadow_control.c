/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the share of calls that are shadowed. */
#define _GNU_SOURCE
#include "core/thread.h"
#include "engine/events.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/shadow_internal.h"
#include "engine/standby.h"

#include <stdatomic.h>
#include <string.h>

enum { DEFAULT_ROWS = 1024, DEFAULT_WORST_PAIRS = 16 };

/* A change on its way: what is copied and made for it. */
typedef struct shadow_change {
    const mgeo_shadow_options *options;
    uint32_t share, before;
    mgeo_model_info live, standby;
    mgi_pin pin; /* of the standby model, while the lane is opened */
    mgi_runner *runner;
    mgi_side_scorer *scorer;
    uint64_t ticket;
} shadow_change;

/* The engine's mutex is held, as for all up to shadow_commit. */
static void note_models(mgeo_engine *engine, shadow_change *change) {
    int32_t slot = mgi_standby_slot(engine);
    change->live = engine->slot_models[mgi_slots_other(slot)].info;
    change->standby = engine->slot_models[slot].info;
    change->runner = engine->slot_models[slot].runner;
    change->pin = mgi_slots_pin_slot(&engine->slots, slot);
}

/* Are the two models still where they were noted? */
static mgeo_status shadow_confirm(const mgeo_engine *engine, const shadow_change *change,
                                  mgeo_error *error) {
    mgeo_status status = mgi_standby_may_share(engine, "score", error);
    if (status != MGEO_OK ||
        (mgi_slots_live(&engine->slots) == change->live.slot &&
         engine->slot_models[change->standby.slot].info.generation == change->standby.generation)) {
        return status;
    }
    return mgi_fail(error, MGEO_E_BUSY,
                    "traffic turned while the shadow's lane was opened: try again");
}

static mgeo_status shadow_start(mgi_shadow *shadow, mgeo_error *error) {
    int failed = mgi_thread_start(&shadow->thread, mgi_shadow_thread_main, shadow);
    shadow->has_thread = failed == 0;
    if (failed == 0) return MGEO_OK;
    char reason[128] = "";
    return mgi_fail(error, MGEO_E_MEMORY, "the shadow's thread cannot be started: %s",
                    strerror_r(failed, reason, sizeof reason));
}

/* Puts new figures in the old ones' place. */
static void shadow_reset(mgi_shadow *shadow, const shadow_change *change) {
    uint64_t rows = change->options->queue_rows;
    mgi_lock_acquire(&shadow->mutex);
    mgi_shadow_stats_finish(&shadow->stats);
    shadow->stats = shadow->prepared;
    memset(&shadow->prepared, 0, sizeof shadow->prepared);
    mgi_shadow_queue_open(&shadow->queue, change->live.generation, rows != 0 ? rows : DEFAULT_ROWS);
    mgi_lock_release(&shadow->mutex);
}

static mgeo_status shadow_commit(mgi_shadow *shadow, shadow_change *change, mgeo_error *error) {
    mgeo_status status = shadow_confirm(shadow->engine, change, error);
    if (status != MGEO_OK) return status;
    shadow->slot = change->standby.slot;
    shadow->low_priority = change->options->full_speed == 0;
    status = shadow_start(shadow, error);
    if (status != MGEO_OK) return status;
    shadow_reset(shadow, change);
    shadow->scorer = change->scorer; /* the thread's, which has to come by the mutex first */
    change->scorer = NULL;
    shadow->running = true;
    shadow->busy = false;
    atomic_store(&shadow->generation, change->live.generation);
    atomic_store(&shadow->share, change->share);
    change->ticket = mgi_journal_ticket(shadow->engine->journal);
    return MGEO_OK;
}

/* ---- the two ways of a change; the change lock is held, the engine's mutex is not
 * ----------------- */

static void shadow_stop(mgi_shadow *shadow, shadow_change *change) {
    mgeo_engine *engine = shadow->engine;
    mgi_lock_acquire(&engine->mutex);
    change->before = mgi_shadow_share(shadow);
    mgi_shadow_end(shadow);
    if (change->before > 0) {
        change->standby = engine->slot_models[shadow->slot].info;
        change->ticket = mgi_journal_ticket(engine->journal);
    }
    mgi_lock_release(&engine->mutex);
    mgi_shadow_join(shadow);
}

static mgeo_status shadow_equip(mgi_shadow *shadow, shadow_change *change, mgeo_error *error) {
    uint32_t worst = change->options->worst_pairs;
    mgeo_status status =
        mgi_shadow_stats_init(&shadow->prepared, worst != 0 ? worst : DEFAULT_WORST_PAIRS,
                              &change->live, &change->standby, error);
    if (status != MGEO_OK) return status;
    return mgi_side_scorer_create(change->runner, &change->scorer, error);
}

/* Ends the shadow that ran, if the new one can take its place. */
static mgeo_status shadow_replace(mgi_shadow *shadow, shadow_change *change, mgeo_error *error) {
    mgi_lock_acquire(&shadow->engine->mutex);
    mgeo_status status = shadow_confirm(shadow->engine, change, error);
    change->before = mgi_shadow_share(shadow);
    if (status == MGEO_OK) mgi_shadow_end(shadow);
    mgi_lock_release(&shadow->engine->mutex);
    if (status != MGEO_OK) return status;

    mgi_shadow_join(shadow);
    mgi_lock_acquire(&shadow->engine->mutex);
    status = shadow_commit(shadow, change, error);
    mgi_lock_release(&shadow->engine->mutex);
    return status;
}

static mgeo_status shadow_begin(mgi_shadow *shadow, shadow_change *change, mgeo_error *error) {
    mgeo_engine *engine = shadow->engine;
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = mgi_standby_may_share(engine, "score", error);
    if (status == MGEO_OK) note_models(engine, change);
    mgi_lock_release(&engine->mutex);
    if (status != MGEO_OK) return status;

    status = shadow_equip(shadow, change, error);
    if (status == MGEO_OK) status = shadow_replace(shadow, change, error);
    mgi_side_scorer_destroy(change->scorer);
    mgi_slots_unpin(&engine->slots, change->pin);
    mgi_shadow_stats_finish(&shadow->prepared);
    return status;
}

static void report_shadow(mgeo_engine *engine, const shadow_change *change) {
    mgi_journal_record *record = mgi_journal_record_create(
        "shadow", mgi_events_actor(engine, change->options->actor), change->options->reason);
    mgi_journal_record_integer(record, "from_share", change->before);
    mgi_journal_record_integer(record, "to_share", change->share);
    if (change->standby.generation != 0) {
        mgi_journal_record_model(record, "standby", &change->standby);
    }
    mgi_events_write(engine, change->ticket, record);
    mgi_log_line(&engine->log, MGEO_LOG_INFO, "shadow calls: %u of 10,000, were %u", change->share,
                 change->before);
}

mgeo_status mgi_shadow_set_share(mgeo_engine *engine, uint32_t share,
                                 const mgeo_shadow_options *options, mgeo_error *error) {
    mgi_shadow *shadow = engine->shadow;
    shadow_change change = {.options = options, .share = share};
    mgeo_status status = MGEO_OK;
    mgi_lock_acquire(&shadow->change_lock);
    if (share == 0) {
        shadow_stop(shadow, &change);
    } else {
        status = shadow_begin(shadow, &change, error);
    }
    mgi_lock_release(&shadow->change_lock);
    bool changed = status == MGEO_OK && (share > 0 || change.before > 0);
    if (changed) report_shadow(engine, &change);
    return status;
}
