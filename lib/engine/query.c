/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to an engine: what is where, and what it has done. */
#include "engine/query.h"

#include "core/fixed_text.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/watch.h"
#include "engine/standby.h"
#include "engine/state.h"

#include <stdatomic.h>

/* What is in a slot as a question names it. The mutex is held. */
static const mgi_slot_model *find_slot_model(const mgeo_engine *engine, int32_t slot,
                                             mgeo_error *error) {
    int32_t live = mgi_slots_live(&engine->slots);
    int32_t place = slot;
    if (slot == MGEO_LIVE) place = live;
    if (slot == MGEO_STANDBY) place = mgi_standby_slot(engine);
    if (place >= 0 && engine->slot_models[place].runner != NULL) return &engine->slot_models[place];
    mgi_fail(error, MGEO_E_NO_MODEL, "no model is in the %s slot", mgeo_slot_name(slot));
    return NULL;
}

mgeo_status mgi_query_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                           mgeo_error *error) {
    mgi_lock_acquire(&engine->mutex);
    const mgi_slot_model *model = find_slot_model(engine, slot, error);
    if (model != NULL) {
        bool live = mgi_slots_live(&engine->slots) == model->info.slot;
        mgi_slot_model_describe(model, live, info);
    }
    mgi_lock_release(&engine->mutex);
    return model != NULL ? MGEO_OK : MGEO_E_NO_MODEL;
}

static mgeo_status copy_unused_tensor(const mgi_slot_model *model, uint64_t index, char *name,
                                      size_t capacity, mgeo_error *error) {
    const char *found = mgi_model_unused_tensor(mgi_runner_model(model->runner), index);
    if (found == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "index %llu: %s has %llu unused tensors",
                        (unsigned long long)index, model->info.version,
                        (unsigned long long)model->info.unused_tensors);
    }
    mgi_fixed_text_copy(name, capacity, found);
    return MGEO_OK;
}

mgeo_status mgi_query_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index, char *name,
                                    size_t capacity, mgeo_error *error) {
    mgi_lock_acquire(&engine->mutex);
    const mgi_slot_model *model = find_slot_model(engine, slot, error);
    mgeo_status status = MGEO_E_NO_MODEL;
    if (model != NULL) {
        status = copy_unused_tensor(model, index, name, capacity, error);
    }
    mgi_lock_release(&engine->mutex);
    return status;
}

static mgeo_status copy_unused_field(const mgi_slot_model *model, uint64_t index,
                                     mgeo_unused_field *field, mgeo_error *error) {
    const mgi_unused_field *found = mgi_model_unused_field(mgi_runner_model(model->runner), index);
    if (found == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "index %llu: %s has %llu unused fields",
                        (unsigned long long)index, model->info.version,
                        (unsigned long long)model->info.unused_fields);
    }
    field->harmless = found->harmless;
    mgi_fixed_text_copy(field->file, sizeof field->file, found->file);
    mgi_fixed_text_copy(field->name, sizeof field->name, found->name);
    mgi_fixed_text_copy(field->reason, sizeof field->reason, found->reason);
    return MGEO_OK;
}

mgeo_status mgi_query_unused_field(mgeo_engine *engine, int32_t slot, uint64_t index,
                                   mgeo_unused_field *field, mgeo_error *error) {
    mgi_lock_acquire(&engine->mutex);
    const mgi_slot_model *model = find_slot_model(engine, slot, error);
    mgeo_status status = MGEO_E_NO_MODEL;
    if (model != NULL) status = copy_unused_field(model, index, field, error);
    mgi_lock_release(&engine->mutex);
    return status;
}

mgeo_status mgi_query_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                            mgeo_error *error) {
    mgi_lock_acquire(&engine->mutex);
    const mgi_slot_model *model = find_slot_model(engine, slot, error);
    if (model != NULL) {
        stats->generation = model->info.generation;
        mgi_runner_stats(model->runner, stats);
    }
    mgi_lock_release(&engine->mutex);
    return model != NULL ? MGEO_OK : MGEO_E_NO_MODEL;
}

static void fill_rollout(const mgeo_engine *engine, mgeo_rollout *rollout) {
    const mgi_slots *slots = &engine->slots;
    int32_t live = mgi_slots_live(slots);
    const mgi_slot_model *standby = &engine->slot_models[mgi_standby_slot(engine)];
    double stall = 1e-9 * (double)atomic_load(&engine->stall_nanoseconds);
    *rollout = engine->counts;
    rollout->live_slot = live;
    rollout->canary_share = mgi_slots_share(slots);
    rollout->shadow_share = mgi_shadow_share(engine->shadow);
    if (live >= 0) rollout->live_generation = engine->slot_models[live].info.generation;
    if (standby->runner != NULL) rollout->standby_generation = standby->info.generation;
    rollout->former_generation = engine->rollback_generation;
    if (stall > rollout->stall_seconds_max) rollout->stall_seconds_max = stall;
}

void mgi_query_rollout(mgeo_engine *engine, mgeo_rollout *rollout) {
    mgeo_watch_report watch = {0};
    mgi_watch_report(engine, &watch);
    mgi_lock_acquire(&engine->mutex);
    fill_rollout(engine, rollout);
    mgi_lock_release(&engine->mutex);
    rollout->watch_state = watch.state;
}
