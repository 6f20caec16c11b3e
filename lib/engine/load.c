/* SPDX-License-Identifier: Apache-2.0 */
/* A load from the directory to the standby slot. */
#include "engine/load.h"

#include "core/background.h"
#include "core/clock.h"
#include "core/fixed_text.h"
#include "core/progress.h"
#include "engine/admission.h"
#include "engine/events.h"
#include "engine/load_impact.h"
#include "engine/load_options.h"
#include "engine/standby.h"
#include "engine/state.h"

#include <stdio.h>
#include <string.h>

/* One load on its way. */
typedef struct load_run {
    mgeo_engine *engine;
    const char *path;
    const mgeo_load_options *options;
    mgi_model_options wanted;
    mgi_runner_options running;
    mgi_load_impact *impact; /* until the model is ready */
    mgi_model *model;        /* until a runner owns it */
    mgi_runner *runner;      /* until a slot owns it */
    uint64_t predicted_bytes;
    double warm_up_seconds;
    mgi_standby_replaced replaced;
    mgeo_status status;
    mgeo_error error;
} load_run;

/* ---- getting ready --------------------------------------------------------------------------- */

/* From the headers alone: will it fit? */
static void load_admit(load_run *loading) {
    const mgi_admission admission = {.model = loading->model,
                                     .options = &loading->wanted,
                                     .runner = &loading->running,
                                     .limit = loading->options->memory_limit};
    mgeo_memory memory = {.struct_size = sizeof memory};
    loading->status = mgi_admission_estimate(&admission, &memory, &loading->error);
    if (loading->status != MGEO_OK) return;
    loading->predicted_bytes = memory.total;
    loading->status = mgi_admission_judge(&admission, &memory, &loading->error);
}

static void read_and_place(void *argument) {
    load_run *loading = argument;
    loading->status =
        mgi_model_read(loading->path, &loading->wanted, &loading->model, &loading->error);
    if (loading->status == MGEO_OK) load_admit(loading);
    if (loading->status == MGEO_OK) {
        loading->status = mgi_model_place(loading->model, &loading->wanted, &loading->error);
    }
}

static void load_warm_up(void *argument) {
    load_run *loading = argument;
    double start = mgi_clock_now();
    loading->status =
        mgi_runner_warm_up(loading->runner, loading->options->progress, &loading->error);
    loading->warm_up_seconds = mgi_clock_now() - start;
}

/* In the caller's own thread, whose priority new threads inherit. */
static void load_start_workers(load_run *loading) {
    loading->status =
        mgi_runner_create(loading->model, &loading->running, &loading->runner, &loading->error);
    if (loading->status == MGEO_OK) loading->model = NULL;
}

static void load_prepare(load_run *loading) {
    bool low_priority = mgi_slots_live(&loading->engine->slots) >= 0;
    loading->wanted = mgi_load_options_for_model(loading->options);
    loading->running = mgi_load_options_for_runner(loading->options, loading->engine->queue_rows);
    loading->running.live_traffic = low_priority;
    loading->running.pool = loading->engine->thread_pool;
    mgi_background_run(low_priority, read_and_place, loading);
    if (loading->status == MGEO_OK) load_start_workers(loading);
    if (loading->status == MGEO_OK && !loading->options->skip_warm_up) {
        mgi_background_run(low_priority, load_warm_up, loading);
    }
    if (loading->status == MGEO_OK) {
        loading->status = mgi_progress_check(loading->options->progress, &loading->error);
    }
}

/* ---- taking the slot ------------------------------------------------------------------------- */

/* Where the threads were not asked for by number, fewer than there are processors will do. */
static void warn_of_threads(const load_run *loading, mgeo_model_info *info) {
    const uint32_t wished = mgi_runner_cores(&loading->running);
    const char *before = info->warning[0] != '\0' ? "; " : "";
    char warning[sizeof info->warning + 128];
    if (!mgi_model_encoder_info(mgi_runner_model(loading->runner))->on_cpu) return;
    if (info->threads >= wished) return;
    snprintf(warning, sizeof warning,
             "%s%sonly %u of %u threads could be started: see the limits on processes and memory",
             info->warning, before, info->threads, wished);
    mgi_fixed_text_copy(info->warning, sizeof info->warning, warning);
}

static void load_commit(load_run *loading, double start, mgeo_model_info *info, uint64_t *ticket) {
    mgi_slot_model next = {.runner = loading->runner};
    mgi_model_describe(mgi_runner_model(loading->runner), &next.info);
    next.info.struct_size = sizeof next.info;
    next.info.threads = mgi_runner_threads(loading->runner);
    warn_of_threads(loading, &next.info);
    next.info.predicted_bytes = loading->predicted_bytes;
    next.info.warm_up_seconds = loading->warm_up_seconds;
    next.info.healthy = 1;
    next.info.load_seconds = mgi_clock_now() - start;
    mgi_load_impact_end(loading->impact, &next.info);
    loading->impact = NULL;
    loading->status = mgi_standby_fill(loading->engine, &next, loading->options->progress,
                                       &loading->replaced, ticket, &loading->error);
    if (loading->status != MGEO_OK) return;
    loading->runner = NULL;
    *info = next.info;
}

/* ---- accounts -------------------------------------------------------------------------------- */

/* NULL where nothing is to be written, which every mgi_record_* takes. */
static mgi_journal_record *load_event(const load_run *loading, const char *event) {
    if (loading->engine->journal == NULL) return NULL;
    const char *actor = mgi_events_actor(loading->engine, loading->options->actor);
    mgi_journal_record *record = mgi_journal_record_create(event, actor, loading->options->reason);
    mgi_journal_record_text(record, "path", loading->path != NULL ? loading->path : "");
    return record;
}

static void load_journal(const load_run *loading, const mgeo_model_info *info, uint64_t ticket) {
    mgi_journal_record *record = load_event(loading, "load");
    mgi_journal_record_model(record, "model", info);
    mgi_journal_record_number(record, "load_seconds", info->load_seconds);
    mgi_journal_record_number(record, "warm_up_seconds", info->warm_up_seconds);
    mgi_journal_record_integer(record, "predicted_bytes", info->predicted_bytes);
    mgi_journal_record_integer(record, "live_calls_during", info->live_calls_during);
    mgi_journal_record_number(record, "live_p99_before", info->live_p99_before);
    mgi_journal_record_number(record, "live_p99_during", info->live_p99_during);
    if (loading->replaced.runner != NULL) {
        mgi_journal_record_model(record, "replaced", &loading->replaced.info);
        mgi_journal_record_integer(record, "calls_drained", loading->replaced.calls);
    }
    mgi_events_write(loading->engine, ticket, record);
}

static void load_fail(load_run *loading) {
    mgeo_engine *engine = loading->engine;
    mgi_lock_acquire(&engine->mutex);
    engine->counts.failed_loads++;
    uint64_t ticket = mgi_journal_ticket(engine->journal);
    mgi_lock_release(&engine->mutex);
    mgi_journal_record *record = load_event(loading, "load_failed");
    mgi_journal_record_text(record, "status", mgeo_status_name(loading->status));
    mgi_journal_record_text(record, "why", loading->error.message);
    mgi_events_write(engine, ticket, record);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "load failed, nothing has changed: %s",
                 loading->error.message);
}

static void load_log(const load_run *loading, const mgeo_model_info *info) {
    const mgi_log *log = &loading->engine->log;
    bool replaces = loading->replaced.runner != NULL;
    mgi_log_line(log, MGEO_LOG_INFO,
                 "loaded %s as generation %llu into %s (%s) in %.2f s, of which warm-up %.2f s%s%s",
                 info->version, (unsigned long long)info->generation, mgeo_slot_name(info->slot),
                 info->live ? "live" : "standby", info->load_seconds, info->warm_up_seconds,
                 replaces ? ", replacing " : "", replaces ? loading->replaced.info.version : "");
    if (info->warning[0] != '\0') {
        mgi_log_line(log, MGEO_LOG_WARNING, "%s: %s", info->version, info->warning);
    }
}

/* ---- the load -------------------------------------------------------------------------------- */

/* One load at a time, and none that could not be put anywhere. */
static mgeo_status load_begin(mgeo_engine *engine, mgeo_error *error) {
    mgeo_status status;
    mgi_lock_acquire(&engine->mutex);
    if (engine->loading) {
        status =
            mgi_fail(error, MGEO_E_BUSY, "another load is in progress: wait for it or cancel it");
    } else {
        status = mgi_standby_may_empty(engine, error);
    }
    if (status == MGEO_OK) engine->loading = true;
    mgi_lock_release(&engine->mutex);
    return status;
}

static void load_end(mgeo_engine *engine) {
    mgi_lock_acquire(&engine->mutex);
    engine->loading = false;
    mgi_lock_release(&engine->mutex);
}

/* What failed is given back before the next load may begin. */
static void give_back(load_run *loading) {
    mgi_load_impact_end(loading->impact, &(mgeo_model_info){0});
    mgi_runner_destroy(loading->runner);
    mgi_model_close(loading->model);
    load_fail(loading);
}

mgeo_status mgi_load_into_standby(mgeo_engine *engine, const char *path,
                                  const mgeo_load_options *options, mgeo_model_info *info,
                                  mgeo_error *error) {
    mgeo_status status = load_begin(engine, error);
    if (status != MGEO_OK) return status;
    double start = mgi_clock_now();
    uint64_t ticket = 0;
    load_run loading = {.engine = engine, .path = path, .options = options};
    mgi_progress_stage(options->progress, MGEO_STAGE_READING, 0);
    loading.status = mgi_load_impact_begin(engine, &loading.impact, &loading.error);
    if (loading.status == MGEO_OK) load_prepare(&loading);
    if (loading.status == MGEO_OK) load_commit(&loading, start, info, &ticket);
    if (loading.status == MGEO_OK) {
        /* The journal first: the lines of later events wait for this one. */
        load_journal(&loading, info, ticket);
        load_log(&loading, info);
        mgi_runner_destroy(loading.replaced.runner);
        mgi_progress_stage(options->progress, MGEO_STAGE_FINISHED, 0);
    } else {
        give_back(&loading);
    }
    load_end(engine);
    if (loading.status == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, loading.status, "%s", loading.error.message);
}
