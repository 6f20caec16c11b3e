/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that scores the pairs of chosen calls once more, with the standby model. */
#include "core/thread.h"
#include "engine/rollout/shadow_internal.h"

enum { SHADOW_BATCH = 8 }; /* pairs for which the model is pinned */

/* Pins the standby model; false: the shadow has ended, and whoever ended it has taken the pin. */
static bool shadow_begin_batch(mgi_shadow *shadow) {
    mgi_lock_acquire(&shadow->engine->mutex);
    bool running = shadow->running;
    if (running) shadow->pin = mgi_slots_pin_slot(&shadow->engine->slots, shadow->slot);
    shadow->busy = running;
    mgi_lock_release(&shadow->engine->mutex);
    return running;
}

static bool shadow_end_batch(mgi_shadow *shadow) {
    mgi_lock_acquire(&shadow->engine->mutex);
    bool running = shadow->running;
    if (running) mgi_slots_unpin(&shadow->engine->slots, shadow->pin);
    shadow->busy = false;
    mgi_lock_release(&shadow->engine->mutex);
    return running;
}

static void shadow_compute(mgi_shadow *shadow, mgi_shadow_block *block, uint32_t count) {
    const mgi_shadow_pair *kept = &block->pairs[block->done];
    mgeo_pair pairs[SHADOW_BATCH];
    float similarity[SHADOW_BATCH];
    int32_t label[SHADOW_BATCH];
    uint32_t flags[SHADOW_BATCH];
    mgeo_scores scores = {.similarity = similarity, .label = label, .flags = flags};
    for (uint32_t i = 0; i < count; i++) {
        pairs[i] = (mgeo_pair){kept[i].a, kept[i].a_length, kept[i].b, kept[i].b_length};
    }
    mgeo_status status = mgi_side_scorer_score(shadow->scorer, pairs, count, &scores, NULL);
    mgi_lock_acquire(&shadow->mutex);
    if (status != MGEO_OK) shadow->stats.report.failed += count;
    for (uint32_t i = 0; i < count && status == MGEO_OK; i++) {
        mgi_shadow_stats_add(&shadow->stats, &kept[i], block->first, similarity[i], label[i],
                             (flags[i] & MGEO_ROW_NOT_FINITE) != 0);
    }
    mgi_shadow_queue_settle(&shadow->queue, block, count);
    mgi_lock_release(&shadow->mutex);
}

/* Returns whether the shadow still runs. */
static bool shadow_work(mgi_shadow *shadow, mgi_shadow_block *block) {
    bool running = true;
    while (running && block->done < block->count) {
        uint32_t left = block->count - block->done;
        running = shadow_begin_batch(shadow);
        if (!running) break;
        shadow_compute(shadow, block, left < SHADOW_BATCH ? left : SHADOW_BATCH);
        running = shadow_end_batch(shadow);
    }
    mgi_shadow_queue_release(&shadow->queue, block);
    return running;
}

static bool shadow_runs(mgi_shadow *shadow) {
    mgi_lock_acquire(&shadow->engine->mutex);
    bool running = shadow->running;
    mgi_lock_release(&shadow->engine->mutex);
    return running;
}

void *mgi_shadow_thread_main(void *argument) {
    mgi_shadow *shadow = argument;
    mgi_shadow_block *block;
    bool running = true;
    mgi_thread_name("mgeo-shadow");
    if (shadow->low_priority) mgi_thread_lower_priority();
    while (running) {
        mgi_shadow_queue_await(&shadow->queue);
        running = shadow_runs(shadow);
        while (running && (block = mgi_shadow_queue_take(&shadow->queue)) != NULL) {
            running = shadow_work(shadow, block);
        }
    }
    while ((block = mgi_shadow_queue_take(&shadow->queue)) != NULL) {
        mgi_shadow_queue_release(&shadow->queue, block);
    }
    mgi_side_scorer_destroy(shadow->scorer);
    shadow->scorer = NULL;
    mgi_slots_unpin(&shadow->engine->slots, shadow->pin);
    return NULL;
}
