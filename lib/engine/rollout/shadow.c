/* SPDX-License-Identifier: Apache-2.0 */
/* Shadow calls as the rest of the engine sees them: which calls are chosen, and what they showed.
 */
#include "engine/rollout/shadow.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "engine/rollout/shadow_internal.h"

#include <stdatomic.h>

/* ---- life ------------------------------------------------------------------------------------ */

mgi_shadow *mgi_shadow_create(mgeo_engine *engine) {
    mgi_shadow *shadow = mgi_calloc(1, sizeof *shadow);
    if (shadow == NULL) return NULL;
    shadow->engine = engine;
    if (!mgi_shadow_queue_init(&shadow->queue)) {
        mgi_free(shadow);
        return NULL;
    }
    /* With default attributes these cannot fail on the systems we build for. */
    mgi_lock_init(&shadow->change_lock, MGI_LOCK_SHADOW_CHANGE);
    mgi_lock_init(&shadow->mutex, MGI_LOCK_SHADOW_REPORT);
    return shadow;
}

void mgi_shadow_join(mgi_shadow *shadow) {
    if (shadow->has_thread) pthread_join(shadow->thread, NULL);
    shadow->has_thread = false;
}

void mgi_shadow_destroy(mgi_shadow *shadow) {
    if (shadow == NULL) return;
    mgi_lock_acquire(&shadow->engine->mutex);
    mgi_shadow_end(shadow);
    mgi_lock_release(&shadow->engine->mutex);
    mgi_shadow_join(shadow);
    mgi_shadow_stats_finish(&shadow->stats);
    mgi_shadow_queue_finish(&shadow->queue);
    mgi_lock_finish(&shadow->mutex);
    mgi_lock_finish(&shadow->change_lock);
    mgi_free(shadow);
}

void mgi_shadow_end(mgi_shadow *shadow) {
    if (!shadow->running) return;
    shadow->running = false;
    if (!shadow->busy) shadow->pin = mgi_slots_pin_slot(&shadow->engine->slots, shadow->slot);
    atomic_store(&shadow->share, 0);
    mgi_shadow_queue_close(&shadow->queue);
}

uint32_t mgi_shadow_share(const mgi_shadow *shadow) { return atomic_load(&shadow->share); }

/* ---- live calls ------------------------------------------------------------------------------ */

/* The steps of the golden ratio spread evenly over 0..1, so that every run of calls has its share.
 */
static bool next_is_in_share(mgi_shadow *shadow, uint32_t share) {
    uint64_t number = atomic_fetch_add_explicit(&shadow->seen, 1, memory_order_relaxed);
    uint64_t fraction = (number * UINT64_C(0x9E3779B97F4A7C15)) >> 32;
    return (fraction * MGI_SLOTS_SHARE_ALL) >> 32 < share;
}

bool mgi_shadow_chooses(mgi_shadow *shadow, uint64_t generation) {
    uint32_t share = atomic_load_explicit(&shadow->share, memory_order_acquire);
    if (share == 0) return false;
    /* Not those that a canary answers. */
    if (generation != atomic_load(&shadow->generation)) return false;
    return next_is_in_share(shadow, share);
}

void mgi_shadow_offer(mgi_shadow *shadow, const mgeo_pair *pairs, size_t count,
                      const mgeo_scores *scores) {
    mgi_shadow_queue_offer(&shadow->queue, pairs, count, scores);
}

/* ---- questions ------------------------------------------------------------------------------- */

void mgi_shadow_report(mgeo_engine *engine, mgeo_shadow_report *report) {
    mgi_shadow *shadow = engine->shadow;
    mgi_shadow_counts counts;
    size_t struct_size = report->struct_size;
    mgi_lock_acquire(&shadow->mutex);
    mgi_shadow_stats_report(&shadow->stats, report);
    mgi_shadow_queue_counts(&shadow->queue, &counts);
    mgi_lock_release(&shadow->mutex);
    report->struct_size = struct_size;
    report->calls = counts.calls;
    report->pairs = counts.pairs;
    report->dropped = counts.dropped;
    report->waiting = counts.waiting;
    report->share = mgi_shadow_share(shadow);
}

/* The shadow's mutex is held. */
static mgeo_status shadow_find(const mgi_shadow_stats *stats, uint32_t rank,
                               const mgi_shadow_stats_pair **largest, mgeo_error *error) {
    uint32_t count = stats->report.worst_count;
    if (rank < count) {
        *largest = &stats->largest[stats->order[rank]];
        return MGEO_OK;
    }
    return mgi_fail(error, MGEO_E_ARGUMENT, "rank is %u: %u pairs are kept", rank, count);
}

mgeo_status mgi_shadow_get_pair(mgeo_engine *engine, uint32_t rank, mgeo_shift *shift, char *a,
                                size_t a_capacity, char *b, size_t b_capacity, mgeo_error *error) {
    mgi_shadow *shadow = engine->shadow;
    const mgi_shadow_stats_pair *largest = NULL;
    mgi_lock_acquire(&shadow->mutex);
    mgeo_status status = shadow_find(&shadow->stats, rank, &largest, error);
    if (status == MGEO_OK) {
        if (shift != NULL) *shift = largest->shift;
        if (a != NULL) mgi_fixed_text_copy(a, a_capacity, largest->a);
        if (b != NULL) mgi_fixed_text_copy(b, b_capacity, largest->b);
    }
    mgi_lock_release(&shadow->mutex);
    return status;
}
