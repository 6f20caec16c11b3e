/* A load from the directory to the standby slot. */
#include "core/progress.h"
#include "core/thread.h"
#include "engine/state.h"

#include <string.h>

/* One load on its way. */
typedef struct mgi_loading {
    mgeo_engine *engine;
    const char *path;
    const mgeo_load_options *options;
    mgi_model *model;   /* until a runner owns it */
    mgi_runner *runner; /* until a slot owns it */
    double warm_up_seconds;
    char replaced[64]; /* the version that made way; empty: none */
    mgeo_status status;
    mgeo_error error;
} mgi_loading;

static void mgi_load_model(void *argument) {
    mgi_loading *loading = argument;
    const mgeo_load_options *options = loading->options;
    mgi_model_options wanted = {.device = options->device,
                                .precision = options->precision,
                                .max_length = options->max_length,
                                .batch_tokens = options->batch_tokens,
                                .partial_weight = options->partial_weight,
                                .positive_label = options->positive_label,
                                .version = options->version,
                                .progress = options->progress};
    loading->status = mgi_model_open(loading->path, &wanted, &loading->model, &loading->error);
}

static void mgi_load_warm_up(void *argument) {
    mgi_loading *loading = argument;
    double start = mgi_now();
    loading->status =
        mgi_runner_warm_up(loading->runner, loading->options->progress, &loading->error);
    loading->warm_up_seconds = mgi_now() - start;
}

/* In the caller's own thread, whose priority the workers inherit. */
static void mgi_load_start_workers(mgi_loading *loading) {
    mgi_runner_options wanted = {.threads = loading->options->threads,
                                 .queue_rows = loading->engine->queue_rows};
    loading->status = mgi_runner_create(loading->model, &wanted, &loading->runner, &loading->error);
    if (loading->status == MGEO_OK) loading->model = NULL;
}

static void mgi_load_prepare(mgi_loading *loading) {
    bool aside = mgi_slots_live(&loading->engine->slots) >= 0;
    mgi_run_aside(aside, mgi_load_model, loading);
    if (loading->status == MGEO_OK) mgi_load_start_workers(loading);
    if (loading->status == MGEO_OK && !loading->options->skip_warm_up) {
        mgi_run_aside(aside, mgi_load_warm_up, loading);
    }
    if (loading->status == MGEO_OK) {
        loading->status = mgi_progress_check(loading->options->progress, &loading->error);
    }
}

static void mgi_load_commit(mgi_loading *loading, double start, mgeo_model_info *info) {
    mgi_resident next = {.runner = loading->runner};
    mgi_model_describe(mgi_runner_model(loading->runner), &next.info);
    next.info.struct_size = sizeof next.info;
    next.info.threads = mgi_runner_threads(loading->runner);
    next.info.warm_up_seconds = loading->warm_up_seconds;
    next.info.load_seconds = mgi_now() - start;
    mgi_runner *former = NULL;
    uint64_t ticket = 0;
    loading->status = mgi_standby_fill(loading->engine, &next, loading->options->progress, &former,
                                       &ticket, &loading->error);
    if (loading->status != MGEO_OK) return;
    loading->runner = NULL;
    *info = next.info;
    mgi_record *record = mgi_record_create(
        "load", mgi_actor(loading->engine, loading->options->actor), loading->options->reason);
    mgi_record_model(record, "model", info);
    mgi_journal_event(loading->engine, ticket, record);
    if (former == NULL) return;
    mgeo_model_info made_way = {0};
    mgi_model_describe(mgi_runner_model(former), &made_way);
    mgi_copy_text(loading->replaced, sizeof loading->replaced, made_way.version);
    mgi_runner_destroy(former);
}

static void mgi_load_report(const mgi_loading *loading, const mgeo_model_info *info) {
    const mgi_log *log = &loading->engine->log;
    if (loading->status != MGEO_OK) {
        mgi_log_line(log, MGEO_LOG_WARNING, "load failed, nothing has changed: %s",
                     loading->error.message);
        return;
    }
    bool replaces = loading->replaced[0] != '\0';
    mgi_log_line(log, MGEO_LOG_INFO,
                 "loaded %s as generation %llu into %s (%s) in %.2f s, of which warm-up %.2f s%s%s",
                 info->version, (unsigned long long)info->generation, mgi_slot_name(info->slot),
                 info->live ? "live" : "standby", info->load_seconds, info->warm_up_seconds,
                 replaces ? ", replacing " : "", loading->replaced);
    if (info->warning[0] != '\0') {
        mgi_log_line(log, MGEO_LOG_WARNING, "%s: %s", info->version, info->warning);
    }
}

/* While `loading` is set, no canary begins: what is asked here holds to the end. */
static mgeo_status mgi_load_begin(mgeo_engine *engine, mgeo_error *error) {
    pthread_mutex_lock(&engine->mutex);
    mgeo_status status = MGEO_OK;
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

mgeo_status mgi_engine_load(mgeo_engine *engine, const char *path, const mgeo_load_options *options,
                            mgeo_model_info *info, mgeo_error *error) {
    mgeo_status status = mgi_load_begin(engine, error);
    if (status != MGEO_OK) return status;
    double start = mgi_now();
    mgi_loading loading = {.engine = engine, .path = path, .options = options};
    mgi_progress_stage(options->progress, MGEO_STAGE_READING, 0);
    mgi_load_prepare(&loading);
    if (loading.status == MGEO_OK) {
        mgi_load_commit(&loading, start, info);
    }
    if (loading.status == MGEO_OK) {
        mgi_progress_stage(options->progress, MGEO_STAGE_FINISHED, 0);
    } else {
        mgi_runner_destroy(loading.runner);
        mgi_model_close(loading.model);
    }
    mgi_load_end(engine);
    mgi_load_report(&loading, info);
    if (loading.status == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, loading.status, "%s", loading.error.message);
}
