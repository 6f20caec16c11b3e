/* SPDX-License-Identifier: Apache-2.0 */
/* What a load did to live traffic: its call times before and during the load. */
#include "engine/load_impact.h"

#include "core/alloc.h"
#include "engine/standby.h"
#include "engine/state.h"

static const double reported_quantile = 0.99;

typedef struct slot_before {
    uint64_t generation; /* 0: nothing was there */
    mgi_snapshot before;
} slot_before;

struct mgi_load_impact {
    mgeo_engine *engine;
    double p99_before;
    slot_before slots[MGI_SLOTS];
    mgi_snapshot now, difference; /* room for the end */
};

/* Copies what a slot's model has done so far; its generation, or 0. Only the pin is taken under the
 * mutex: the counts are long. */
static uint64_t snapshot_slot(mgeo_engine *engine, int32_t slot, mgi_snapshot *observed) {
    mgi_lock_acquire(&engine->mutex);
    const mgi_slot_model *model = &engine->slot_models[slot];
    bool there = model->runner != NULL && !(engine->draining && slot == mgi_standby_slot(engine));
    uint64_t generation = there ? model->info.generation : 0;
    mgi_pin pin = {0};
    if (there) pin = mgi_slots_pin_slot(&engine->slots, slot);
    mgi_lock_release(&engine->mutex);
    if (!there) return 0;
    mgi_runner_snapshot(model->runner, observed);
    mgi_slots_unpin(&engine->slots, pin);
    return generation;
}

mgeo_status mgi_load_impact_begin(mgeo_engine *engine, mgi_load_impact **impact,
                                  mgeo_error *error) {
    int32_t live = mgi_slots_live(&engine->slots);
    *impact = NULL;
    if (live < 0) return MGEO_OK;
    mgi_load_impact *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "the live model's figures", sizeof *made);
    made->engine = engine;
    for (int32_t slot = 0; slot < MGI_SLOTS; slot++) {
        slot_before *at = &made->slots[slot];
        at->generation = snapshot_slot(engine, slot, &at->before);
    }
    made->p99_before =
        mgi_histogram_quantile(&made->slots[live].before.call_time, reported_quantile);
    *impact = made;
    return MGEO_OK;
}

static void add_histogram(mgi_histogram *sum, const mgi_histogram *more) {
    for (unsigned i = 0; i < MGI_HISTOGRAM_BUCKETS; i++) sum->bucket[i] += more->bucket[i];
    sum->sum_nanoseconds += more->sum_nanoseconds;
}

/* There may have been a swap meanwhile: calls of both models count. */
void mgi_load_impact_end(mgi_load_impact *impact, mgeo_model_info *info) {
    if (impact == NULL) return;
    mgi_histogram sum = {0};
    for (int32_t slot = 0; slot < MGI_SLOTS; slot++) {
        const slot_before *at = &impact->slots[slot];
        uint64_t generation = snapshot_slot(impact->engine, slot, &impact->now);
        if (generation == 0 || generation != at->generation) continue;
        mgi_snapshot_since(&impact->difference, &impact->now, &at->before);
        add_histogram(&sum, &impact->difference.call_time);
    }
    info->live_calls_during = mgi_histogram_count(&sum);
    info->live_p99_before = impact->p99_before;
    info->live_p99_during = mgi_histogram_quantile(&sum, reported_quantile);
    mgi_free(impact);
}
