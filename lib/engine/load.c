/* A load from the directory to the standby slot. */
#include "core/progress.h"
#include "core/thread.h"
#include "engine/admission.h"
#include "engine/load_impact.h"
#include "engine/state.h"

#include <string.h>

/* One load on its way. */
typedef struct mgi_loading {
    mgeo_engine *engine;
    const char *path;
    const mgeo_load_options *options;
    mgi_model_options wanted;
    mgi_runner_options running;
    mgi_beside *beside; /* until the model is ready */
    mgi_model *model;   /* until a runner owns it */
    mgi_runner *runner; /* until a slot owns it */
    uint64_t predicted_bytes;
    double warm_up_seconds;
    mgi_replaced replaced;
    mgeo_status status;
    mgeo_error error;
} mgi_loading;

/* ---- getting ready --------------------------------------------------------------------------- */

/* From the headers alone: will it fit? */
static void mgi_load_admit(mgi_loading *loading) {
    const mgi_admission admission = {.model = loading->model,
                                     .options = &loading->wanted,
                                     .runner = &loading->running,
                                     .limit = loading->options->memory_limit};
    mgeo_memory memory = {.struct_size = sizeof memory};
    loading->status = mgi_admission_weigh(&admission, &memory, &loading->error);
    if (loading->status != MGEO_OK) return;
    loading->predicted_bytes = memory.total;
    loading->status = mgi_admission_judge(&admission, &memory, &loading->error);
}

static void mgi_load_model(void *argument) {
    mgi_loading *loading = argument;
    loading->status =
        mgi_model_read(loading->path, &loading->wanted, &loading->model, &loading->error);
    if (loading->status == MGEO_OK) mgi_load_admit(loading);
    if (loading->status == MGEO_OK) {
        loading->status = mgi_model_place(loading->model, &loading->wanted, &loading->error);
    }
}

static void mgi_load_warm_up(void *argument) {
    mgi_loading *loading = argument;
    double start = mgi_now();
    loading->status =
        mgi_runner_warm_up(loading->runner, loading->options->progress, &loading->error);
    loading->warm_up_seconds = mgi_now() - start;
}

/* In the caller's own thread, whose priority new threads inherit. */
static void mgi_load_start_workers(mgi_loading *loading) {
    loading->status =
        mgi_runner_create(loading->model, &loading->running, &loading->runner, &loading->error);
    if (loading->status == MGEO_OK) loading->model = NULL;
}

static void mgi_load_prepare(mgi_loading *loading) {
    bool aside = mgi_slots_live(&loading->engine->slots) >= 0;
    loading->wanted = mgi_model_options_of(loading->options);
    loading->running = mgi_runner_options_of(loading->options, loading->engine->queue_rows);
    loading->running.gentle = aside;
    loading->running.crew = loading->engine->crew;
    mgi_run_aside(aside, mgi_load_model, loading);
    if (loading->status == MGEO_OK) mgi_load_start_workers(loading);
    if (loading->status == MGEO_OK && !loading->options->skip_warm_up) {
        mgi_run_aside(aside, mgi_load_warm_up, loading);
    }
    if (loading->status == MGEO_OK) {
        loading->status = mgi_progress_check(loading->options->progress, &loading->error);
    }
}

/* ---- taking the slot ------------------------------------------------------------------------- */

static void mgi_load_commit(mgi_loading *loading, double start, mgeo_model_info *info,
                            uint64_t *ticket) {
    mgi_resident next = {.runner = loading->runner};
    mgi_model_describe(mgi_runner_model(loading->runner), &next.info);
    next.info.struct_size = sizeof next.info;
    next.info.threads = mgi_runner_threads(loading->runner);
    next.info.predicted_bytes = loading->predicted_bytes;
    next.info.warm_up_seconds = loading->warm_up_seconds;
    next.info.healthy = 1;
    next.info.load_seconds = mgi_now() - start;
    mgi_beside_end(loading->beside, &next.info);
    loading->beside = NULL;
    loading->status = mgi_standby_fill(loading->engine, &next, loading->options->progress,
                                       &loading->replaced, ticket, &loading->error);
    if (loading->status != MGEO_OK) return;
    loading->runner = NULL;
    *info = next.info;
}

/* ---- accounts -------------------------------------------------------------------------------- */

/* NULL where nothing is to be written, which every mgi_record_* takes. */
static mgi_record *mgi_load_event(const mgi_loading *loading, const char *event) {
    if (loading->engine->journal == NULL) return NULL;
    const char *actor = mgi_actor(loading->engine, loading->options->actor);
    mgi_record *record = mgi_record_create(event, actor, loading->options->reason);
    mgi_record_text(record, "path", loading->path != NULL ? loading->path : "");
    return record;
}

static void mgi_load_journal(const mgi_loading *loading, const mgeo_model_info *info,
                             uint64_t ticket) {
    mgi_record *record = mgi_load_event(loading, "load");
    mgi_record_model(record, "model", info);
    mgi_record_number(record, "load_seconds", info->load_seconds);
    mgi_record_number(record, "warm_up_seconds", info->warm_up_seconds);
    mgi_record_integer(record, "predicted_bytes", info->predicted_bytes);
    mgi_record_integer(record, "live_calls_during", info->live_calls_during);
    mgi_record_number(record, "live_p99_before", info->live_p99_before);
    mgi_record_number(record, "live_p99_during", info->live_p99_during);
    if (loading->replaced.runner != NULL) {
        mgi_record_model(record, "replaced", &loading->replaced.info);
        mgi_record_integer(record, "calls_drained", loading->replaced.calls);
    }
    mgi_journal_event(loading->engine, ticket, record);
}

static void mgi_load_fail(mgi_loading *loading) {
    mgeo_engine *engine = loading->engine;
    pthread_mutex_lock(&engine->mutex);
    engine->counts.failed_loads++;
    uint64_t ticket = mgi_journal_ticket(engine->journal);
    pthread_mutex_unlock(&engine->mutex);
    mgi_record *record = mgi_load_event(loading, "load_failed");
    mgi_record_text(record, "status", mgeo_status_name(loading->status));
    mgi_record_text(record, "why", loading->error.message);
    mgi_journal_event(engine, ticket, record);
    mgi_log_line(&engine->log, MGEO_LOG_WARNING, "load failed, nothing has changed: %s",
                 loading->error.message);
}

static void mgi_load_log(const mgi_loading *loading, const mgeo_model_info *info) {
    const mgi_log *log = &loading->engine->log;
    bool replaces = loading->replaced.runner != NULL;
    mgi_log_line(log, MGEO_LOG_INFO,
                 "loaded %s as generation %llu into %s (%s) in %.2f s, of which warm-up %.2f s%s%s",
                 info->version, (unsigned long long)info->generation, mgi_slot_name(info->slot),
                 info->live ? "live" : "standby", info->load_seconds, info->warm_up_seconds,
                 replaces ? ", replacing " : "", replaces ? loading->replaced.info.version : "");
    if (info->warning[0] != '\0') {
        mgi_log_line(log, MGEO_LOG_WARNING, "%s: %s", info->version, info->warning);
    }
}

/* ---- the load -------------------------------------------------------------------------------- */

/* One load at a time, and none that could not be put anywhere. */
static mgeo_status mgi_load_begin(mgeo_engine *engine, mgeo_error *error) {
    mgeo_status status;
    pthread_mutex_lock(&engine->mutex);
    if (engine->loading) {
        status =
            mgi_fail(error, MGEO_E_BUSY, "another load is in progress: wait for it or cancel it");
    } else {
        status = mgi_may_empty_standby(engine, error);
    }
    if (status == MGEO_OK) engine->loading = true;
    pthread_mutex_unlock(&engine->mutex);
    return status;
}

static void mgi_load_end(mgeo_engine *engine) {
    pthread_mutex_lock(&engine->mutex);
    engine->loading = false;
    pthread_mutex_unlock(&engine->mutex);
}

/* What failed is given back before the next load may begin. */
static void mgi_load_undo(mgi_loading *loading) {
    mgi_beside_end(loading->beside, &(mgeo_model_info){0});
    mgi_runner_destroy(loading->runner);
    mgi_model_close(loading->model);
    mgi_load_fail(loading);
}

mgeo_status mgi_engine_load(mgeo_engine *engine, const char *path, const mgeo_load_options *options,
                            mgeo_model_info *info, mgeo_error *error) {
    mgeo_status status = mgi_load_begin(engine, error);
    if (status != MGEO_OK) return status;
    double start = mgi_now();
    uint64_t ticket = 0;
    mgi_loading loading = {.engine = engine, .path = path, .options = options};
    mgi_progress_stage(options->progress, MGEO_STAGE_READING, 0);
    loading.status = mgi_beside_begin(engine, &loading.beside, &loading.error);
    if (loading.status == MGEO_OK) mgi_load_prepare(&loading);
    if (loading.status == MGEO_OK) mgi_load_commit(&loading, start, info, &ticket);
    if (loading.status == MGEO_OK) {
        /* First the line: those of later events wait for it. */
        mgi_load_journal(&loading, info, ticket);
        mgi_load_log(&loading, info);
        mgi_runner_destroy(loading.replaced.runner);
        mgi_progress_stage(options->progress, MGEO_STAGE_FINISHED, 0);
    } else {
        mgi_load_undo(&loading);
    }
    mgi_load_end(engine);
    if (loading.status == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, loading.status, "%s", loading.error.message);
}
