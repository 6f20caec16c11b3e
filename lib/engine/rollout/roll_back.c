/* SPDX-License-Identifier: Apache-2.0 */
/* The way back to the model that was live before: by hand, or by a watch. */
#include "engine/rollout/roll_back.h"

#include "engine/events.h"
#include "engine/rollout/cutover.h"
#include "engine/rollout/watch.h"
#include "engine/state.h"

/* The slot to which a roll-back goes: the live one where only a canary is to end; -1: none. The
 * mutex is held. */
static int32_t rollback_slot(const mgeo_engine *engine) {
    int32_t live = mgi_slots_live(&engine->slots);
    if (live < 0) return -1;
    const mgi_slot_model *other = &engine->slot_models[mgi_slots_other(live)];
    bool resident = other->runner != NULL && !engine->draining;
    if (engine->rollback_generation != 0 && resident &&
        other->info.generation == engine->rollback_generation) {
        return mgi_slots_other(live);
    }
    return mgi_slots_share(&engine->slots) > 0 ? live : -1;
}

/* Where only a canary ends, the last swap can still be rolled back. */
static void roll_back_to(mgeo_engine *engine, int32_t slot, mgi_cutover *cutover) {
    if (slot != mgi_slots_live(&engine->slots)) engine->rollback_generation = 0;
    mgi_cutover_run(engine, slot, cutover);
    engine->counts.roll_backs++;
}

mgeo_status mgi_roll_back(mgeo_engine *engine, const mgeo_roll_back_options *options,
                          mgeo_swap_receipt *receipt, mgeo_error *error) {
    mgi_cutover cutover = {.receipt = receipt};
    mgi_lock_acquire(&engine->mutex);
    int32_t slot = rollback_slot(engine);
    if (slot >= 0) roll_back_to(engine, slot, &cutover);
    mgi_lock_release(&engine->mutex);
    if (slot < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "there is no model to go back to: none was swapped out since, or it is no "
                        "longer resident");
    }
    mgi_cutover_write_receipt(engine, &cutover,
                              mgi_journal_record_create("rollback",
                                                        mgi_events_actor(engine, options->actor),
                                                        options->reason));
    mgi_cutover_log(engine, "rolled back", &cutover);
    return MGEO_OK;
}

bool mgi_roll_back_for_watch(mgeo_engine *engine, uint64_t route, const char *reason,
                             const mgeo_check *checks, uint32_t count) {
    mgeo_swap_receipt receipt = {.check_count = count};
    mgi_cutover cutover = {.receipt = &receipt};
    for (uint32_t i = 0; i < count; i++) receipt.checks[i] = checks[i];
    mgi_lock_acquire(&engine->mutex);
    bool canary = mgi_slots_share(&engine->slots) > 0;
    /* The former model may have been unloaded since, which does not set the route. */
    int32_t slot = canary ? mgi_slots_live(&engine->slots) : rollback_slot(engine);
    bool applies = mgi_slots_route(&engine->slots) == route && slot >= 0;
    if (applies) {
        roll_back_to(engine, slot, &cutover);
        engine->counts.watch_roll_backs++;
        mgi_watch_note_rollback(engine->watcher, reason);
    }
    mgi_lock_release(&engine->mutex);
    if (!applies) return false;
    mgi_cutover_write_receipt(engine, &cutover,
                              mgi_journal_record_create("rollback", "watch", reason));
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "the watch turned traffic back to %s: %s",
                 cutover.to.version, reason);
    return true;
}
