/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's figures as metrics: a snapshot is taken first, and written without any lock. */
#include "engine/metrics.h"

#include "core/alloc.h"
#include "core/utf8.h"
#include "engine/metric_families.h"
#include "engine/query.h"
#include "engine/rollout/shadow.h"
#include "engine/rollout/watch.h"
#include "engine/state.h"

#include <stdatomic.h>
#include <string.h>

/* Replaces what is not UTF-8, in place: a directory's name may hold any bytes, metrics may not. */
static void metrics_clean(char *text) {
    unsigned char *at = (unsigned char *)text;
    const unsigned char *end = at + strlen(text);
    while (at < end) {
        int32_t code_point;
        size_t bytes = mgi_utf8_decode(at, end, &code_point);
        if (bytes == 0) *at = '?';
        at += bytes > 0 ? bytes : 1;
    }
}

/* The mutex is held: the model stays where it is. */
static void snapshot_model(mgi_metrics_model *model, const mgi_slot_model *slot_model, bool live) {
    model->present = slot_model->runner != NULL;
    if (!model->present) return;
    mgi_slot_model_describe(slot_model, live, &model->info);
    mgi_runner_snapshot(slot_model->runner, &model->observed);
    mgi_runner_stats(slot_model->runner, &model->stats);
}

static void metrics_collect(mgeo_engine *engine, mgi_metrics_snapshot *copy) {
    mgi_watch_report(engine, &copy->watch);
    mgi_shadow_report(engine, &copy->shadow);
    mgi_query_rollout(engine, &copy->rollout);
    copy->canary_calls = atomic_load(&engine->canary_calls);
    mgi_lock_acquire(&engine->mutex);
    int32_t live = mgi_slots_live(&engine->slots);
    for (int32_t slot = 0; slot < MGI_SLOTS; slot++) {
        snapshot_model(&copy->models[slot], &engine->slot_models[slot], slot == live);
    }
    mgi_lock_release(&engine->mutex);
    for (int32_t slot = 0; slot < MGI_SLOTS; slot++) {
        metrics_clean(copy->models[slot].info.version);
        metrics_clean(copy->models[slot].info.device);
        metrics_clean(copy->models[slot].info.library);
    }
}

mgeo_status mgi_metrics_render(mgeo_engine *engine, int32_t format, char *text, size_t capacity,
                               size_t *length, mgeo_error *error) {
    mgi_metrics_snapshot *copy = mgi_calloc(1, sizeof *copy);
    if (copy == NULL) return mgi_fail_memory(error, "a copy of all counts", sizeof *copy);
    metrics_collect(engine, copy);
    mgi_openmetrics to;
    mgi_openmetrics_begin(&to, format == MGEO_METRICS_OPENMETRICS, text, capacity);
    mgi_metric_families_write(&to, copy);
    bool fits = mgi_openmetrics_end(&to);
    mgi_free(copy);
    *length = to.length;
    if (fits || capacity == 0) return MGEO_OK;
    return mgi_fail(error, MGEO_E_CAPACITY,
                    "the metrics have %zu bytes and a NUL, the capacity is %zu: make room for more",
                    to.length, capacity);
}
