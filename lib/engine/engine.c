/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's life, and one call's way through it. */
#include "engine/engine.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/fixed_text.h"
#include "core/process.h"
#include "engine/rollout/canary.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/watch.h"
#include "engine/state.h"
#include "stats/counters.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { DRAIN_GRACE_SECONDS = 1 };

static void name_actor(mgeo_engine *engine, const char *actor) {
    if (actor != NULL) {
        mgi_fixed_text_copy(engine->actor, sizeof engine->actor, actor);
    } else {
        snprintf(engine->actor, sizeof engine->actor, "pid %ld", (long)getpid());
    }
}

/* What may fail of an engine. */
static mgeo_status engine_equip(mgeo_engine *engine, const char *journal, mgeo_error *error) {
    engine->watcher = mgi_watch_create(engine);
    engine->shadow = mgi_shadow_create(engine);
    engine->thread_pool = mgi_thread_pool_create();
    if (engine->watcher == NULL || engine->shadow == NULL || engine->thread_pool == NULL) {
        return mgi_fail_memory(error, "an engine", sizeof *engine);
    }
    if (journal == NULL) return MGEO_OK;
    return mgi_journal_open(journal, engine->actor, &engine->journal, error);
}

static void engine_free(mgeo_engine *engine) {
    mgi_watch_destroy(engine->watcher);
    mgi_shadow_destroy(engine->shadow);
    for (int slot = 0; slot < MGI_SLOTS; slot++) {
        mgi_runner_destroy(engine->slot_models[slot].runner);
    }
    mgi_thread_pool_destroy(engine->thread_pool);
    mgi_journal_close(engine->journal);
    mgi_lock_finish(&engine->standby_lock);
    mgi_lock_finish(&engine->mutex);
    mgi_free(engine);
}

mgeo_status mgi_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                              mgeo_error *error) {
    mgeo_engine *made = mgi_alloc_aligned(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "an engine", sizeof *made);
    made->process = mgi_process_token();
    made->log = (mgi_log){.write = options->log, .user = options->log_user};
    made->queue_rows = (uint32_t)options->queue_rows;
    made->drain_grace_seconds = DRAIN_GRACE_SECONDS;
    name_actor(made, options->actor);
    mgi_slots_init(&made->slots);
    /* With default attributes these cannot fail on the systems we build for. */
    mgi_lock_init(&made->mutex, MGI_LOCK_ENGINE);
    mgi_lock_init(&made->standby_lock, MGI_LOCK_STANDBY);
    mgeo_status status = made->process == 0
                             ? mgi_fail(error, MGEO_E_MEMORY, "out of memory: a handler of forks")
                             : engine_equip(made, options->journal, error);
    if (status == MGEO_OK) {
        *engine = made;
    } else {
        engine_free(made);
    }
    return status;
}

bool mgi_engine_is_forked(const mgeo_engine *engine) {
    return engine->process != mgi_process_token();
}

void mgi_engine_destroy(mgeo_engine *engine) {
    if (engine != NULL && !mgi_engine_is_forked(engine)) engine_free(engine);
}

/* ---- scoring --------------------------------------------------------------------------------- */

/* The call's bucket, which is worth its hash only while there is a canary. */
static uint32_t bucket_of_call(const mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                               const mgeo_scores *scores) {
    if (mgi_slots_share(&engine->slots) == 0) return MGI_SLOTS_SHARE_ALL;
    if (scores->route_key != 0) return mgi_canary_bucket_of_key(scores->route_key);
    return mgi_canary_bucket_of_pairs(pairs, count);
}

/* The call met a cut-over and pinned again: the time is what a swap costs the calls it disturbs. */
static void note_stall(mgeo_engine *engine, double seconds) {
    uint64_t nanoseconds = mgi_counters_nanoseconds(seconds);
    uint64_t seen = atomic_load(&engine->stall_nanoseconds);
    while (seen < nanoseconds &&
           !atomic_compare_exchange_weak(&engine->stall_nanoseconds, &seen, nanoseconds)) {
    }
}

/* A call whose model is pinned. */
typedef struct scored_call {
    const mgi_slot_model *model;
    double start;
    const mgeo_pair *pairs;
    size_t count;
} scored_call;

static mgeo_status score_call(const scored_call *call, mgeo_scores *scores, mgeo_error *error) {
    return mgi_runner_score(call->model->runner, call->start, call->pairs, call->count, scores,
                            error);
}

/* The shadow needs labels, which the caller may not have asked for: they go into an array of our
 * own then, in a copy of `scores`. Without memory for it there are none, and the call is dropped.
 */
static mgeo_status score_for_shadow(mgi_shadow *shadow, const scored_call *call,
                                    mgeo_scores *scores, mgeo_error *error) {
    mgeo_scores answers = *scores;
    if (scores->label == NULL) answers.label = mgi_calloc(call->count, sizeof *answers.label);
    mgeo_status status = score_call(call, &answers, error);
    if (status == MGEO_OK) mgi_shadow_offer(shadow, call->pairs, call->count, &answers);
    if (scores->label == NULL) {
        mgi_free(answers.label);
        answers.label = NULL;
    }
    *scores = answers;
    return status;
}

mgeo_status mgi_engine_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                             mgeo_scores *scores, mgeo_model_info *info, mgeo_error *error) {
    uint32_t bucket = bucket_of_call(engine, pairs, count, scores);
    double start = mgi_clock_now();
    mgi_pin pin = mgi_slots_pin(&engine->slots, bucket);
    if (pin.slot < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is loaded: call mgeo_load first");
    }
    if (pin.attempts > 1) note_stall(engine, mgi_clock_now() - start);
    if (bucket < MGI_SLOTS_SHARE_ALL && pin.slot != mgi_slots_live(&engine->slots)) {
        atomic_fetch_add_explicit(&engine->canary_calls, 1, memory_order_relaxed);
    }
    const mgi_slot_model *model = &engine->slot_models[pin.slot];
    const scored_call call = {.model = model, .start = start, .pairs = pairs, .count = count};
    scores->generation = model->info.generation;
    mgeo_status status = mgi_shadow_chooses(engine->shadow, scores->generation)
                             ? score_for_shadow(engine->shadow, &call, scores, error)
                             : score_call(&call, scores, error);
    if (info != NULL) *info = model->info;
    mgi_slots_unpin(&engine->slots, pin);
    return status;
}
