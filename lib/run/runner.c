/* SPDX-License-Identifier: Apache-2.0 */
/* One model at work: how large it is made, its beginning and its end. */
#define _GNU_SOURCE
#include "run/runner.h"

#include "core/alloc.h"
#include "core/process.h"
#include "run/call.h"
#include "run/worker.h"

/* ---- sizes ----------------------------------------------------------------------------------- */

enum {
    /* Without options.queue_rows: room for this many batches of rows of this many tokens. */
    QUEUE_BATCHES = 4,
    QUEUE_ROW_TOKENS = 32,
    MIN_QUEUE_ROWS = 4096,
    MAX_QUEUE_ROWS = 1 << 15,
    /* What a thread's stack and allocator come to: measured, see benchmarks/README.md. */
    THREAD_BYTES = 128 << 10
};

uint32_t mgi_runner_cores(const mgi_runner_options *options) {
    uint32_t cores = options->threads != 0 ? options->threads : mgi_process_cpus();
    return cores < MGEO_MAX_THREADS ? cores : MGEO_MAX_THREADS;
}

/* 0 lanes is the backend's way to ask for one on each core. */
static uint32_t lane_count(uint32_t cores, uint32_t lanes) { return lanes != 0 ? lanes : cores; }

static uint32_t queue_capacity(uint32_t asked, uint32_t batch_tokens) {
    if (asked != 0) return asked;
    uint32_t rows = batch_tokens / QUEUE_ROW_TOKENS * QUEUE_BATCHES;
    if (rows < MIN_QUEUE_ROWS) return MIN_QUEUE_ROWS;
    return rows < MAX_QUEUE_ROWS ? rows : MAX_QUEUE_ROWS;
}

static uint64_t estimate_host_bytes(uint32_t lanes, uint32_t rows, const mgi_model *model,
                                    const mgi_encoder_estimate *encoder) {
    uint64_t row = mgi_model_labels(model)->count * sizeof(float) + sizeof(pthread_cond_t *);
    uint64_t worker = mgi_batcher_bytes(encoder->batch_tokens, rows) +
                      mgi_batcher_rows(encoder->batch_tokens, rows) * row + THREAD_BYTES;
    return lanes * worker + mgi_queue_bytes(rows, mgi_model_max_length(model)) +
           sizeof(mgi_counters) + mgi_tokenizer_bytes(mgi_model_tokenizer(model));
}

void mgi_runner_estimate_memory(const mgi_runner_options *options, const mgi_model *model,
                                const mgi_encoder_estimate *encoder, mgi_runner_estimate *total) {
    uint32_t lanes = lane_count(mgi_runner_cores(options), encoder->lanes);
    uint32_t rows = queue_capacity(options->queue_rows, encoder->batch_tokens);
    total->activations = lanes * encoder->lane;
    total->workspace = encoder->workspace;
    total->host = estimate_host_bytes(lanes, rows, model, encoder) + encoder->host_workspace;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void configure(mgi_runner *runner, mgi_model *model, const mgi_runner_options *options) {
    const mgi_encoder_info *info = mgi_model_encoder_info(model);
    runner->model = model;
    runner->backend = mgi_model_backend(model);
    runner->encoder = mgi_model_encoder(model);
    runner->labels = mgi_model_labels(model);
    runner->max_length = mgi_model_max_length(model);
    runner->vocabulary = mgi_tokenizer_vocabulary(mgi_model_tokenizer(model));
    runner->batch_tokens = info->batch_tokens;
    runner->min_split_tokens = info->min_split_tokens;
    runner->mixed_lengths = info->mixed_lengths;
    runner->live_traffic = options->live_traffic;
    runner->cores = mgi_runner_cores(options);
    runner->workers_count = lane_count(runner->cores, info->lanes);
    runner->on_cpu = info->on_cpu;
    if (!info->on_cpu) runner->cores = 1; /* the device's workers have none to share out */
    runner->pool = info->on_cpu ? options->pool : NULL;
    runner->owns_pool = runner->pool == NULL;
}

/* Where the number of threads is ours to choose, it is that of threads which can be started. */
static mgeo_status register_task(mgi_runner *runner, bool fewer, mgeo_error *error) {
    runner->task.body = mgi_worker_pool_entry;
    /* Fewer workers than cores leave the others to help them. */
    uint32_t threads =
        runner->workers_count > runner->cores ? runner->workers_count : runner->cores;
    mgeo_status status =
        fewer ? mgi_thread_pool_add_task_as_able(runner->pool, &runner->task, threads, error)
              : mgi_thread_pool_add_task(runner->pool, &runner->task, threads, error);
    runner->registered = status == MGEO_OK;
    uint32_t able = mgi_thread_pool_usage_now(runner->pool).cores;
    if (runner->registered && able < runner->cores) runner->cores = able;
    return status;
}

static mgeo_status create_parts(mgi_runner *runner, uint32_t queue_rows, bool fewer,
                                mgeo_error *error) {
    if (!mgi_queue_init(&runner->queue, queue_rows, runner->max_length)) {
        return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a queue of %u rows of %u tokens",
                        queue_rows, runner->max_length);
    }
    if (runner->owns_pool) runner->pool = mgi_thread_pool_create();
    if (runner->pool == NULL) return mgi_fail(error, MGEO_E_MEMORY, "out of memory: a thread pool");
    runner->counters = mgi_alloc_aligned(1, sizeof *runner->counters);
    runner->workers = mgi_alloc_aligned(runner->workers_count, sizeof *runner->workers);
    if (runner->counters == NULL || runner->workers == NULL) {
        return mgi_fail_memory(error, "a model's workers", sizeof *runner->counters);
    }
    mgeo_status status = MGEO_OK;
    for (uint32_t i = 0; i < runner->workers_count && status == MGEO_OK; i++) {
        status = mgi_worker_init(&runner->workers[i], runner, i, error);
    }
    return status == MGEO_OK ? register_task(runner, fewer, error) : status;
}

/* ---- end ------------------------------------------------------------------------------------- */

static void stop_workers(mgi_runner *runner) {
    if (runner->registered) mgi_thread_pool_remove_task(runner->pool, &runner->task);
    for (uint32_t i = 0; runner->workers != NULL && i < runner->workers_count; i++) {
        if (runner->workers[i].runner != NULL) mgi_worker_finish(&runner->workers[i]);
    }
    if (runner->owns_pool) mgi_thread_pool_destroy(runner->pool);
}

/* All but the model. */
static void free_runner(mgi_runner *runner) {
    stop_workers(runner);
    mgi_call_free_idle(runner);
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
    uint32_t rows = queue_capacity(options->queue_rows, made->batch_tokens);
    mgeo_status status = create_parts(made, rows, options->threads == 0, error);
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

/* ---- questions ------------------------------------------------------------------------------- */

bool mgi_runner_healthy(const mgi_runner *runner) { return !atomic_load(&runner->device_failed); }

const mgi_model *mgi_runner_model(const mgi_runner *runner) { return runner->model; }

uint32_t mgi_runner_threads(const mgi_runner *runner) {
    return runner->on_cpu ? runner->cores : runner->workers_count;
}
