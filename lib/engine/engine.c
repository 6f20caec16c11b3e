/* An engine: made, asked and ended. */
#include "engine/engine.h"

#include "core/alloc.h"
#include "core/thread.h"
#include "engine/state.h"

enum { MGI_QUEUE_ROWS_MOST = 1 << 24, MGI_PATIENCE_SECONDS = 1 };

mgeo_status mgi_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                              mgeo_error *error) {
    if (options->queue_rows > MGI_QUEUE_ROWS_MOST) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_engine_options.queue_rows is %llu: at most %d",
                        (unsigned long long)options->queue_rows, MGI_QUEUE_ROWS_MOST);
    }
    mgeo_engine *made = mgi_calloc_aligned(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "an engine", sizeof *made);
    made->process = mgi_process_token();
    made->log = (mgi_log){.write = options->log, .user = options->log_user};
    made->queue_rows = (uint32_t)options->queue_rows;
    made->patience = MGI_PATIENCE_SECONDS;
    mgi_slots_init(&made->slots);
    /* With default attributes these cannot fail on the systems we build for. */
    pthread_mutex_init(&made->mutex, NULL);
    pthread_mutex_init(&made->emptier, NULL);
    *engine = made;
    return MGEO_OK;
}

bool mgi_engine_is_forked(const mgeo_engine *engine) {
    return engine->process != mgi_process_token();
}

void mgi_engine_destroy(mgeo_engine *engine) {
    if (engine == NULL || mgi_engine_is_forked(engine)) return;
    for (int slot = 0; slot < MGI_SLOTS; slot++) {
        mgi_runner_destroy(engine->residents[slot].runner);
    }
    pthread_mutex_destroy(&engine->emptier);
    pthread_mutex_destroy(&engine->mutex);
    mgi_free(engine);
}

mgeo_status mgi_engine_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                             mgeo_scores *scores, mgeo_error *error) {
    mgi_pin pin = mgi_slots_pin(&engine->slots);
    if (pin.slot < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is loaded: call mgeo_load first");
    }
    const mgi_resident *resident = &engine->residents[pin.slot];
    scores->generation = resident->info.generation;
    mgeo_status status = mgi_runner_score(resident->runner, pairs, count, scores, error);
    mgi_slots_unpin(&engine->slots, pin);
    return status;
}

/* ---- questions ------------------------------------------------------------------------------- */

/* What is in a slot as a question names it. The mutex is held. */
static const mgi_resident *mgi_resident_of(const mgeo_engine *engine, int32_t slot,
                                           mgeo_error *error) {
    int32_t live = mgi_slots_live(&engine->slots);
    int32_t place = slot;
    if (slot == MGEO_LIVE) place = live;
    if (slot == MGEO_STANDBY) place = mgi_standby(engine);
    if (place >= 0 && engine->residents[place].runner != NULL) return &engine->residents[place];
    static const char *const names[] = {"the blue slot", "the green slot", "the live slot",
                                        "the standby slot"};
    mgi_fail(error, MGEO_E_NO_MODEL, "no model is in %s", names[slot]);
    return NULL;
}

mgeo_status mgi_engine_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                            mgeo_error *error) {
    pthread_mutex_lock(&engine->mutex);
    const mgi_resident *resident = mgi_resident_of(engine, slot, error);
    if (resident != NULL) {
        *info = resident->info;
        info->live = mgi_slots_live(&engine->slots) == info->slot;
    }
    pthread_mutex_unlock(&engine->mutex);
    return resident != NULL ? MGEO_OK : MGEO_E_NO_MODEL;
}

static mgeo_status mgi_copy_unused_tensor(const mgi_resident *resident, uint64_t index, char *name,
                                          size_t capacity, mgeo_error *error) {
    const char *found = mgi_model_unused_tensor(mgi_runner_model(resident->runner), index);
    if (found == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "index %llu: %s has %llu unused tensors",
                        (unsigned long long)index, resident->info.version,
                        (unsigned long long)resident->info.unused_tensors);
    }
    mgi_copy_text(name, capacity, found);
    return MGEO_OK;
}

mgeo_status mgi_engine_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index, char *name,
                                     size_t capacity, mgeo_error *error) {
    pthread_mutex_lock(&engine->mutex);
    const mgi_resident *resident = mgi_resident_of(engine, slot, error);
    mgeo_status status = MGEO_E_NO_MODEL;
    if (resident != NULL) {
        status = mgi_copy_unused_tensor(resident, index, name, capacity, error);
    }
    pthread_mutex_unlock(&engine->mutex);
    return status;
}

mgeo_status mgi_engine_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                             mgeo_error *error) {
    pthread_mutex_lock(&engine->mutex);
    const mgi_resident *resident = mgi_resident_of(engine, slot, error);
    if (resident != NULL) {
        stats->generation = resident->info.generation;
        mgi_runner_stats(resident->runner, stats);
    }
    pthread_mutex_unlock(&engine->mutex);
    return resident != NULL ? MGEO_OK : MGEO_E_NO_MODEL;
}
