/* A comparison from its beginning to its report: who is compared, where, and what is put together.
 */
#include "engine/rollout/compare.h"

#include "core/alloc.h"
#include "core/progress.h"
#include "engine/rollout/compare_internal.h"

enum { MGI_PAIRS_PER_CALL = 8 };

/* ---- what it needs --------------------------------------------------------------------------- */

static bool mgi_side_init(mgi_side *side, const mgi_resident *resident, size_t count,
                          size_t calls) {
    side->resident = resident;
    side->similarity = mgi_calloc(count, sizeof *side->similarity);
    side->label = mgi_calloc(count, sizeof *side->label);
    side->flags = mgi_calloc(count, sizeof *side->flags);
    side->call_seconds = mgi_calloc(calls, sizeof *side->call_seconds);
    return side->similarity != NULL && side->label != NULL && side->flags != NULL &&
           side->call_seconds != NULL;
}

static void mgi_side_finish(mgi_side *side) {
    mgi_solo_destroy(side->solo);
    mgi_free(side->call_seconds);
    mgi_free(side->flags);
    mgi_free(side->label);
    mgi_free(side->similarity);
}

static bool mgi_comparison_init(mgi_comparison *comparison, const mgi_resident *live,
                                const mgi_resident *standby) {
    const mgeo_compare_options *options = comparison->options;
    size_t count = options->count;
    comparison->chunk = options->pairs_per_call != 0 ? options->pairs_per_call : MGI_PAIRS_PER_CALL;
    comparison->calls = count / comparison->chunk + (count % comparison->chunk != 0);
    comparison->distances = mgi_calloc(count, sizeof *comparison->distances);
    return comparison->distances != NULL &&
           mgi_side_init(&comparison->sides[MGI_LIVE_SIDE], live, count, comparison->calls) &&
           mgi_side_init(&comparison->sides[MGI_STANDBY_SIDE], standby, count, comparison->calls);
}

static void mgi_comparison_finish(mgi_comparison *comparison) {
    for (int i = 0; i < MGI_SIDES; i++) mgi_side_finish(&comparison->sides[i]);
    mgi_free(comparison->distances);
    mgi_free(comparison->gold);
}

/* ---- the report ------------------------------------------------------------------------------ */

/* All but the caller's array is cleared. */
static void mgi_report_begin(mgeo_compare_report *report, const mgi_resident *live,
                             const mgi_resident *standby) {
    *report = (mgeo_compare_report){.struct_size = report->struct_size,
                                    .worst = report->worst,
                                    .worst_capacity = report->worst_capacity,
                                    .live_generation = live->info.generation,
                                    .standby_generation = standby->info.generation};
}

static mgeo_status mgi_comparison_make(mgi_comparison *comparison, mgeo_error *error) {
    mgeo_status status = mgi_compare_read_gold(comparison, error);
    if (status == MGEO_OK) status = mgi_compare_run(comparison, error);
    if (status != MGEO_OK) return status;
    mgi_compare_shifts(comparison);
    mgi_compare_labels(comparison);
    mgi_compare_accuracy(comparison);
    mgi_progress_stage(comparison->options->progress, MGEO_STAGE_FINISHED,
                       comparison->options->count);
    mgi_progress_add(comparison->options->progress, comparison->options->count);
    return MGEO_OK;
}

/* ---- in a thread of its own ------------------------------------------------------------------ */

typedef struct mgi_compare_errand {
    const mgi_resident *live, *standby;
    const mgeo_compare_options *options;
    mgeo_compare_report *report;
    mgeo_status status;
    mgeo_error *error;
} mgi_compare_errand;

static void mgi_compare_errand_main(void *argument) {
    mgi_compare_errand *errand = argument;
    mgi_comparison comparison = {.options = errand->options, .report = errand->report};
    mgi_report_begin(errand->report, errand->live, errand->standby);
    if (mgi_comparison_init(&comparison, errand->live, errand->standby)) {
        errand->status = mgi_comparison_make(&comparison, errand->error);
    } else {
        errand->status = mgi_fail(errand->error, MGEO_E_MEMORY,
                                  "out of memory: a comparison of %zu pairs; give it fewer",
                                  errand->options->count);
    }
    mgi_comparison_finish(&comparison);
}

mgeo_status mgi_compare_residents(const mgi_resident *live, const mgi_resident *standby,
                                  const mgeo_compare_options *options, mgeo_compare_report *report,
                                  mgeo_error *error) {
    mgi_compare_errand errand = {.live = live,
                                 .standby = standby,
                                 .options = options,
                                 .report = report,
                                 .status = MGEO_OK,
                                 .error = error};
    mgi_run_aside(options->full_speed == 0, mgi_compare_errand_main, &errand);
    return errand.status;
}

/* ---- two slots of an engine ------------------------------------------------------------------ */

/* The mutex is held. */
static mgeo_status mgi_may_compare(const mgeo_engine *engine, mgeo_error *error) {
    if (mgi_slots_live(&engine->slots) < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is loaded: call mgeo_load first");
    }
    if (engine->emptying) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "the standby model is being unloaded or replaced: try again when that call "
                        "has returned");
    }
    if (engine->residents[mgi_standby(engine)].runner == NULL) {
        return mgi_fail(error, MGEO_E_NO_MODEL,
                        "no model is on standby: load the one to compare first");
    }
    return MGEO_OK;
}

mgeo_status mgi_engine_compare(mgeo_engine *engine, const mgeo_compare_options *options,
                               mgeo_compare_report *report, mgeo_error *error) {
    mgi_pin live, standby;
    pthread_mutex_lock(&engine->mutex);
    mgeo_status status = mgi_may_compare(engine, error);
    if (status == MGEO_OK) {
        live = mgi_hold(engine, mgi_slots_live(&engine->slots));
        standby = mgi_hold(engine, mgi_standby(engine));
    }
    pthread_mutex_unlock(&engine->mutex);
    if (status != MGEO_OK) return status;
    status = mgi_compare_residents(&engine->residents[live.slot], &engine->residents[standby.slot],
                                   options, report, error);
    mgi_release(engine, live);
    mgi_release(engine, standby);
    return status;
}
