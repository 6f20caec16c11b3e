/* The standby slot: filled, emptied, and sent live. */
#define _GNU_SOURCE
#include "core/thread.h"
#include "engine/state.h"

#include <time.h>

/* For a while a finished load leaves the former standby model free to go live again, while its last
 * calls end: a rollback is possible at any moment. After that it may not, so that the load comes to
 * an end under any traffic. */
/* The mutex is held on entry and on return. */
static void mgi_await_idle_standby(mgeo_engine *engine) {
    double until = mgi_now() + engine->patience;
    while (mgi_slots_pins(&engine->slots, mgi_standby(engine)) > 0 && mgi_now() < until) {
        pthread_mutex_unlock(&engine->mutex);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        pthread_mutex_lock(&engine->mutex);
    }
}

static void mgi_settle_resident(mgeo_engine *engine, int32_t slot, mgi_resident *next) {
    next->info.slot = slot;
    next->info.generation = ++engine->generations;
    engine->residents[slot] = *next;
    if (mgi_slots_live(&engine->slots) < 0) mgi_slots_turn(&engine->slots, slot);
    next->info.live = mgi_slots_live(&engine->slots) == slot;
}

mgi_runner *mgi_standby_exchange(mgeo_engine *engine, mgi_resident *next) {
    pthread_mutex_lock(&engine->emptier);
    pthread_mutex_lock(&engine->mutex);
    if (next != NULL) mgi_await_idle_standby(engine);
    int32_t slot = mgi_standby(engine);
    engine->emptying = true;
    pthread_mutex_unlock(&engine->mutex);

    mgi_slots_drain(&engine->slots, slot);

    pthread_mutex_lock(&engine->mutex);
    mgi_runner *former = engine->residents[slot].runner;
    engine->residents[slot].runner = NULL;
    if (next != NULL) mgi_settle_resident(engine, slot, next);
    engine->emptying = false;
    pthread_mutex_unlock(&engine->mutex);
    pthread_mutex_unlock(&engine->emptier);
    return former;
}

mgeo_status mgi_engine_unload(mgeo_engine *engine, mgeo_error *error) {
    mgi_runner *former = mgi_standby_exchange(engine, NULL);
    if (former == NULL) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is on standby: nothing to unload");
    }
    mgeo_model_info info = {0};
    mgi_model_describe(mgi_runner_model(former), &info);
    mgi_runner_destroy(former);
    mgi_log_line(&engine->log, MGEO_LOG_INFO, "unloaded %s", info.version);
    return MGEO_OK;
}

static mgeo_status mgi_may_swap(const mgeo_engine *engine, int32_t to, uint64_t expected,
                                mgeo_error *error) {
    const mgi_resident *resident = &engine->residents[to];
    if (engine->emptying) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "the standby model is being unloaded or replaced: try again when that call "
                        "has returned");
    }
    if (resident->runner == NULL || mgi_slots_live(&engine->slots) < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is on standby: load one first");
    }
    if (expected != 0 && expected != resident->info.generation) {
        return mgi_fail(error, MGEO_E_REFUSED,
                        "the standby model is generation %llu (%s), not %llu as expected: nothing "
                        "was swapped",
                        (unsigned long long)resident->info.generation, resident->info.version,
                        (unsigned long long)expected);
    }
    return MGEO_OK;
}

static void mgi_write_receipt(const mgeo_engine *engine, int32_t from, int32_t to,
                              mgeo_swap_receipt *receipt) {
    const mgeo_model_info *former = &engine->residents[from].info;
    const mgeo_model_info *now = &engine->residents[to].info;
    receipt->from_generation = former->generation;
    receipt->to_generation = now->generation;
    receipt->calls_in_flight = (uint64_t)mgi_slots_pins(&engine->slots, from);
    receipt->from_slot = from;
    receipt->to_slot = to;
    mgi_copy_text(receipt->from_version, sizeof receipt->from_version, former->version);
    mgi_copy_text(receipt->to_version, sizeof receipt->to_version, now->version);
}

mgeo_status mgi_engine_swap(mgeo_engine *engine, const mgeo_swap_options *options,
                            mgeo_swap_receipt *receipt, mgeo_error *error) {
    pthread_mutex_lock(&engine->mutex);
    int32_t to = mgi_standby(engine);
    mgeo_status status = mgi_may_swap(engine, to, options->expect_generation, error);
    if (status == MGEO_OK) {
        mgi_slots_turn(&engine->slots, to);
        mgi_write_receipt(engine, to == MGEO_BLUE ? MGEO_GREEN : MGEO_BLUE, to, receipt);
    }
    pthread_mutex_unlock(&engine->mutex);
    if (status == MGEO_OK) {
        mgi_log_line(&engine->log, MGEO_LOG_INFO,
                     "swapped from %s (generation %llu) to %s (generation %llu, %s)",
                     receipt->from_version, (unsigned long long)receipt->from_generation,
                     receipt->to_version, (unsigned long long)receipt->to_generation,
                     mgi_slot_name(to));
    }
    return status;
}
