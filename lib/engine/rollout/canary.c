/* SPDX-License-Identifier: Apache-2.0 */
/* The share of calls that the standby model answers, and which calls those are. */
#include "engine/rollout/canary.h"

#include "engine/events.h"
#include "engine/rollout/watch.h"
#include "engine/rollout/watch_limits.h"
#include "engine/standby.h"
#include "engine/state.h"

#include <string.h>
#include <xxhash.h>

/* ---- which calls ----------------------------------------------------------------------------- */

static uint32_t bucket_of_hash(uint64_t hash) { return (uint32_t)(hash % MGI_SLOTS_SHARE_ALL); }

uint32_t mgi_canary_bucket_of_key(uint64_t key) {
    return bucket_of_hash(XXH3_64bits(&key, sizeof key));
}

/* The hash of one text seeds the next one's, so that where a text ends matters. */
static uint64_t hash_text(const char *text, size_t length, uint64_t seed) {
    if (length == MGEO_NUL_TERMINATED) length = strlen(text);
    return XXH3_64bits_withSeed(text != NULL ? text : "", length, seed + length);
}

uint32_t mgi_canary_bucket_of_pairs(const mgeo_pair *pairs, size_t count) {
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++) {
        hash = hash_text(pairs[i].a, pairs[i].a_len, hash);
        hash = hash_text(pairs[i].b, pairs[i].b_len, hash);
    }
    return bucket_of_hash(hash);
}

/* ---- the share ------------------------------------------------------------------------------- */

static mgeo_status may_set_canary(const mgeo_engine *engine, uint32_t share, uint64_t expected,
                                  mgeo_error *error) {
    const mgi_slot_model *standby = &engine->slot_models[mgi_standby_slot(engine)];
    if (share == 0) return MGEO_OK;
    mgeo_status status = mgi_standby_may_share(engine, "answer", error);
    if (status != MGEO_OK) return status;
    if (expected != 0 && expected != standby->info.generation) {
        return mgi_fail(error, MGEO_E_REFUSED,
                        "the standby model is generation %llu (%s), not %llu as expected: the "
                        "canary's share stays as it was",
                        (unsigned long long)standby->info.generation, standby->info.version,
                        (unsigned long long)expected);
    }
    return MGEO_OK;
}

/* A change on its way: what is copied under the mutex, for the journal. */
typedef struct canary_change {
    mgeo_model_info standby; /* generation 0: none */
    uint32_t before, share;
    uint64_t ticket;
    bool made;
} canary_change;

/* The mutex is held. */
static void change_canary(mgeo_engine *engine, const mgeo_watch *watch, canary_change *change) {
    int32_t live = mgi_slots_live(&engine->slots);
    const mgi_slot_model *standby = &engine->slot_models[mgi_standby_slot(engine)];
    change->before = mgi_slots_share(&engine->slots);
    change->made = change->before != change->share || watch != NULL;
    if (!change->made) return;
    if (standby->runner != NULL) change->standby = standby->info;
    mgi_watch_end(engine->watcher, "the canary's share was set anew");
    mgi_slots_set_route(&engine->slots, live, change->share);
    if (watch != NULL) {
        mgi_watch_begin(engine->watcher, watch, mgi_standby_slot(engine),
                        mgi_slots_route(&engine->slots));
    }
    change->ticket = mgi_journal_ticket(engine->journal);
}

static void report_canary(mgeo_engine *engine, const mgeo_canary_options *options,
                          const canary_change *change) {
    mgi_journal_record *record = mgi_journal_record_create(
        "canary", mgi_events_actor(engine, options->actor), options->reason);
    mgi_journal_record_integer(record, "from_share", change->before);
    mgi_journal_record_integer(record, "to_share", change->share);
    if (change->standby.generation != 0) {
        mgi_journal_record_model(record, "standby", &change->standby);
    }
    mgi_events_write(engine, change->ticket, record);
    mgi_log_line(&engine->log, MGEO_LOG_INFO,
                 "the standby model answers %u of 10,000 calls, was %u", change->share,
                 change->before);
}

static mgeo_status prepare_canary(mgeo_engine *engine, const mgeo_watch *watch, mgeo_error *error) {
    if (watch == NULL) return MGEO_OK;
    mgeo_status status = mgi_watch_limits_check(watch, "mgeo_canary_options.watch", error);
    return status == MGEO_OK ? mgi_watch_prepare(engine->watcher, error) : status;
}

mgeo_status mgi_canary_set(mgeo_engine *engine, uint32_t share, const mgeo_canary_options *options,
                           mgeo_error *error) {
    canary_change change = {.share = share};
    mgeo_status status = prepare_canary(engine, options->watch, error);
    if (status != MGEO_OK) return status;
    mgi_lock_acquire(&engine->mutex);
    status = may_set_canary(engine, share, options->expect_generation, error);
    if (status == MGEO_OK) change_canary(engine, options->watch, &change);
    mgi_lock_release(&engine->mutex);
    if (change.made) report_canary(engine, options, &change);
    return status;
}
