/* What live traffic felt while a load ran beside it. */
#include "engine/load_impact.h"

#include "core/alloc.h"

static const double mgi_beside_quantile = 0.99;

typedef struct mgi_beside_slot {
    uint64_t generation; /* 0: nothing was there */
    mgi_observed before;
} mgi_beside_slot;

struct mgi_beside {
    mgeo_engine *engine;
    double p99_before;
    mgi_beside_slot slots[MGI_SLOTS];
    mgi_observed now, difference; /* room for the end */
};

/* Copies what a slot's model has done so far; its generation, or 0. Only the pin is taken under the
 * mutex: the counts are long. */
static uint64_t mgi_beside_look(mgeo_engine *engine, int32_t slot, mgi_observed *observed) {
    pthread_mutex_lock(&engine->mutex);
    const mgi_resident *resident = &engine->residents[slot];
    bool there = resident->runner != NULL && !(engine->emptying && slot == mgi_standby(engine));
    uint64_t generation = there ? resident->info.generation : 0;
    mgi_pin pin = {0};
    if (there) pin = mgi_slots_hold(&engine->slots, slot);
    pthread_mutex_unlock(&engine->mutex);
    if (!there) return 0;
    mgi_runner_observe(resident->runner, observed);
    mgi_slots_unpin(&engine->slots, pin);
    return generation;
}

mgeo_status mgi_beside_begin(mgeo_engine *engine, mgi_beside **beside, mgeo_error *error) {
    int32_t live = mgi_slots_live(&engine->slots);
    *beside = NULL;
    if (live < 0) return MGEO_OK;
    mgi_beside *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "the live model's figures", sizeof *made);
    made->engine = engine;
    for (int32_t slot = 0; slot < MGI_SLOTS; slot++) {
        mgi_beside_slot *at = &made->slots[slot];
        at->generation = mgi_beside_look(engine, slot, &at->before);
    }
    made->p99_before =
        mgi_histogram_quantile(&made->slots[live].before.call_time, mgi_beside_quantile);
    *beside = made;
    return MGEO_OK;
}

static void mgi_add_histogram(mgi_histogram *sum, const mgi_histogram *more) {
    for (unsigned i = 0; i < MGI_HISTOGRAM_BUCKETS; i++) sum->bucket[i] += more->bucket[i];
    sum->sum_nanoseconds += more->sum_nanoseconds;
}

/* Traffic may have turned meanwhile: calls of both models count. */
void mgi_beside_end(mgi_beside *beside, mgeo_model_info *info) {
    if (beside == NULL) return;
    mgi_histogram sum = {0};
    for (int32_t slot = 0; slot < MGI_SLOTS; slot++) {
        const mgi_beside_slot *at = &beside->slots[slot];
        uint64_t generation = mgi_beside_look(beside->engine, slot, &beside->now);
        if (generation == 0 || generation != at->generation) continue;
        mgi_observed_since(&beside->difference, &beside->now, &at->before);
        mgi_add_histogram(&sum, &beside->difference.call_time);
    }
    info->live_calls_during = mgi_histogram_count(&sum);
    info->live_p99_before = beside->p99_before;
    info->live_p99_during = mgi_histogram_quantile(&sum, mgi_beside_quantile);
    mgi_free(beside);
}
