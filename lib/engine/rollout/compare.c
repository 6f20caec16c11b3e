/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison from its beginning to its report: who is compared, where, and what is put together.
 */
#include "engine/rollout/compare.h"

#include "core/alloc.h"
#include "core/background.h"
#include "core/progress.h"
#include "engine/lease.h"
#include "engine/rollout/compare_internal.h"
#include "engine/standby.h"
#include "engine/state.h"

enum { PAIRS_PER_CALL = 8 };

/* ---- what it needs --------------------------------------------------------------------------- */

static bool side_init(mgi_compare_side *side, const mgi_slot_model *model, size_t count,
                      size_t calls) {
    side->model = model;
    side->similarity = mgi_calloc(count, sizeof *side->similarity);
    side->label = mgi_calloc(count, sizeof *side->label);
    side->flags = mgi_calloc(count, sizeof *side->flags);
    side->call_seconds = mgi_calloc(calls, sizeof *side->call_seconds);
    return side->similarity != NULL && side->label != NULL && side->flags != NULL &&
           side->call_seconds != NULL;
}

static void side_finish(mgi_compare_side *side) {
    mgi_side_scorer_destroy(side->scorer);
    mgi_free(side->call_seconds);
    mgi_free(side->flags);
    mgi_free(side->label);
    mgi_free(side->similarity);
}

static bool init_state(mgi_compare_state *comparison, const mgi_slot_model *live,
                       const mgi_slot_model *standby) {
    const mgeo_compare_options *options = comparison->options;
    size_t count = options->count;
    comparison->chunk = options->pairs_per_call != 0 ? options->pairs_per_call : PAIRS_PER_CALL;
    comparison->calls = count / comparison->chunk + (count % comparison->chunk != 0);
    comparison->differences = mgi_calloc(count, sizeof *comparison->differences);
    return comparison->differences != NULL &&
           side_init(&comparison->sides[MGI_COMPARE_LIVE], live, count, comparison->calls) &&
           side_init(&comparison->sides[MGI_COMPARE_STANDBY], standby, count, comparison->calls);
}

static void finish_state(mgi_compare_state *comparison) {
    for (int i = 0; i < MGI_COMPARE_SIDES; i++) side_finish(&comparison->sides[i]);
    mgi_free(comparison->differences);
    mgi_free(comparison->gold);
}

/* ---- the report ------------------------------------------------------------------------------ */

/* All but the caller's array is cleared. */
static void report_begin(mgeo_compare_report *report, const mgi_slot_model *live,
                         const mgi_slot_model *standby) {
    *report = (mgeo_compare_report){.struct_size = report->struct_size,
                                    .worst = report->worst,
                                    .worst_capacity = report->worst_capacity,
                                    .live_generation = live->info.generation,
                                    .standby_generation = standby->info.generation};
}

static mgeo_status make_comparison(mgi_compare_state *comparison, mgeo_error *error) {
    mgeo_status status = mgi_compare_read_gold(comparison, error);
    if (status == MGEO_OK) status = mgi_compare_run(comparison, error);
    if (status != MGEO_OK) return status;
    mgi_compare_differences(comparison);
    mgi_compare_labels(comparison);
    mgi_compare_accuracy(comparison);
    mgi_progress_stage(comparison->options->progress, MGEO_STAGE_FINISHED,
                       comparison->options->count);
    mgi_progress_add(comparison->options->progress, comparison->options->count);
    return MGEO_OK;
}

/* ---- in a thread of its own ------------------------------------------------------------------ */

typedef struct comparison_task {
    const mgi_slot_model *live, *standby;
    const mgeo_compare_options *options;
    mgeo_compare_report *report;
    mgeo_status status;
    mgeo_error *error;
} comparison_task;

static void run_comparison(void *argument) {
    comparison_task *task = argument;
    mgi_compare_state comparison = {.options = task->options, .report = task->report};
    report_begin(task->report, task->live, task->standby);
    if (init_state(&comparison, task->live, task->standby)) {
        task->status = make_comparison(&comparison, task->error);
    } else {
        task->status = mgi_fail(task->error, MGEO_E_MEMORY,
                                "out of memory: a comparison of %zu pairs; give it fewer",
                                task->options->count);
    }
    finish_state(&comparison);
}

mgeo_status mgi_compare_models(const mgi_slot_model *live, const mgi_slot_model *standby,
                               const mgeo_compare_options *options, mgeo_compare_report *report,
                               mgeo_error *error) {
    comparison_task task = {.live = live,
                            .standby = standby,
                            .options = options,
                            .report = report,
                            .status = MGEO_OK,
                            .error = error};
    mgi_background_run(options->full_speed == 0, run_comparison, &task);
    return task.status;
}

/* ---- two slots of an engine ------------------------------------------------------------------ */

/* The mutex is held. */
static mgeo_status may_compare(const mgeo_engine *engine, mgeo_error *error) {
    if (mgi_slots_live(&engine->slots) < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is loaded: call mgeo_load first");
    }
    if (engine->draining) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "the standby model is being unloaded or replaced: try again when that call "
                        "has returned");
    }
    if (engine->slot_models[mgi_standby_slot(engine)].runner == NULL) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "no model is on standby: load the one to compare first");
    }
    return MGEO_OK;
}

mgeo_status mgi_compare_live_with_standby(mgeo_engine *engine, const mgeo_compare_options *options,
                                          mgeo_compare_report *report, mgeo_error *error) {
    mgi_pin live, standby;
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = may_compare(engine, error);
    if (status == MGEO_OK) {
        live = mgi_lease_take(engine, mgi_slots_live(&engine->slots));
        standby = mgi_lease_take(engine, mgi_standby_slot(engine));
    }
    mgi_lock_release(&engine->mutex);
    if (status != MGEO_OK) return status;
    status = mgi_compare_models(&engine->slot_models[live.slot], &engine->slot_models[standby.slot],
                                options, report, error);
    mgi_lease_return(engine, live);
    mgi_lease_return(engine, standby);
    return status;
}
