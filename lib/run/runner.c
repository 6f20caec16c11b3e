/* SPDX-License-Identifier: Apache-2.0 */
/* One model at work: made, asked and ended. */
#define _GNU_SOURCE
#include "run/runner.h"

#include "core/alloc.h"
#include "core/thread.h"
#include "run/state.h"

static const double patience_least = 0.01;

static void configure(mgi_runner *runner, mgi_model *model, const mgi_runner_options *options) {
    const mgi_encoder_info *info = mgi_model_encoder_info(model);
    mgeo_model_info described = {0};
    mgi_model_describe(model, &described);
    runner->model = model;
    runner->backend = mgi_model_backend(model);
    runner->encoder = mgi_model_encoder(model);
    runner->labels = mgi_model_labels(model);
    runner->max_length = described.max_length;
    runner->vocabulary = described.vocabulary;
    runner->batch_tokens = info->batch_tokens;
    runner->min_split_tokens = info->min_split_tokens;
    runner->mixed_lengths = info->mixed_lengths;
    runner->live_traffic = options->live_traffic;
    runner->cores = mgi_runner_cores(options);
    runner->workers_count = mgi_runner_lane_count(runner->cores, info->lanes);
    runner->on_cpu = info->on_cpu;
    if (!info->on_cpu) runner->cores = 1; /* there are none to share out */
    runner->crew = info->on_cpu ? options->crew : NULL;
    runner->owns_threads = runner->crew == NULL;
}

static mgeo_status join_thread_pool(mgi_runner *runner, mgeo_error *error) {
    if (runner->owns_threads) runner->crew = mgi_thread_pool_create();
    if (runner->crew == NULL) return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a crew");
    runner->task.body = mgi_worker_pool_entry;
    mgeo_status status =
        mgi_thread_pool_add_task(runner->crew, &runner->task, runner->workers_count, error);
    runner->joined = status == MGEO_OK;
    return status;
}

static mgeo_status allocate_parts(mgi_runner *runner, uint32_t queue_rows, mgeo_error *error) {
    if (!mgi_queue_init(&runner->queue, queue_rows, runner->max_length)) {
        return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a queue of %u rows of %u tokens",
                        queue_rows, runner->max_length);
    }
    runner->counters = mgi_alloc_aligned(1, sizeof *runner->counters);
    runner->workers = mgi_calloc(runner->workers_count, sizeof *runner->workers);
    if (runner->counters == NULL || runner->workers == NULL) {
        return mgi_fail_memory(error, "a model's workers", sizeof *runner->counters);
    }
    mgeo_status status = MGEO_OK;
    for (uint32_t i = 0; i < runner->workers_count && status == MGEO_OK; i++) {
        status = mgi_worker_init(&runner->workers[i], runner, i, error);
    }
    return status == MGEO_OK ? join_thread_pool(runner, error) : status;
}

static void stop_workers(mgi_runner *runner) {
    if (runner->joined) mgi_thread_pool_remove_task(runner->crew, &runner->task);
    if (runner->owns_threads) mgi_thread_pool_destroy(runner->crew);
    for (uint32_t i = 0; runner->workers != NULL && i < runner->workers_count; i++) {
        if (runner->workers[i].runner != NULL) mgi_worker_finish(&runner->workers[i]);
    }
}

/* All but the model. */
static void free_runner(mgi_runner *runner) {
    stop_workers(runner);
    mgi_call_pool_finish(runner);
    mgi_queue_finish(&runner->queue);
    mgi_free(runner->workers);
    mgi_free(runner->counters);
    mgi_lock_finish(&runner->mutex);
    mgi_free(runner);
}

mgeo_status mgi_runner_create(mgi_model *model, const mgi_runner_options *options,
                              mgi_runner **runner, mgeo_error *error) {
    *runner = NULL;
    mgi_runner *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a model's runner", sizeof *made);
    if (mgi_lock_init(&made->mutex, MGI_LOCK_RUNNER) != 0) {
        mgi_free(made);
        return mgi_fail(error, MGEO_E_MEMORY, "a mutex cannot be made");
    }
    configure(made, model, options);
    uint32_t rows = mgi_runner_queue_rows(options->queue_rows, made->batch_tokens);
    mgeo_status status = allocate_parts(made, rows, error);
    if (status != MGEO_OK) {
        free_runner(made);
        return status;
    }
    *runner = made;
    return MGEO_OK;
}

void mgi_runner_destroy(mgi_runner *runner) {
    if (runner == NULL) return;
    mgi_model *model = runner->model;
    free_runner(runner);
    mgi_model_close(model);
}

void mgi_runner_learn_batch(mgi_runner *runner, double seconds) {
    double *known = &runner->batch_seconds;
    *known = *known == 0 ? seconds : *known + (seconds - *known) / 8;
}

/* Rows that wait for as long as their batch takes have been made half as fast by the other model.
 */
double mgi_runner_patience(const mgi_runner *runner) {
    return runner->batch_seconds > patience_least ? runner->batch_seconds : patience_least;
}

const mgi_model *mgi_runner_model(const mgi_runner *runner) { return runner->model; }

uint32_t mgi_runner_threads(const mgi_runner *runner) {
    return runner->on_cpu ? runner->cores : runner->workers_count;
}
