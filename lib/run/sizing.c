/* SPDX-License-Identifier: Apache-2.0 */
/* How large a runner is made, and what it takes of memory. */
#include "core/thread.h"
#include "run/state.h"

enum {
    QUEUE_ROWS = 4096,
    QUEUE_ROWS_USUAL_MOST = 1 << 15,
    QUEUE_BATCHES = 4, /* that find their rows waiting, where they are ... */
    QUEUE_TOKENS = 32, /* ... of so many tokens each */
    MGI_THREADS_MOST = 1024,
    /* What a thread's stack and allocator come to: measured, see benchmarks/README.md. */
    THREAD_BYTES = 128 << 10
};

uint32_t mgi_runner_cores(const mgi_runner_options *options) {
    uint32_t cores = options->threads != 0 ? options->threads : mgi_process_cpus();
    return cores < MGI_THREADS_MOST ? cores : MGI_THREADS_MOST;
}

uint32_t mgi_runner_lane_count(uint32_t cores, uint32_t lanes) {
    return lanes != 0 ? lanes : cores;
}

uint32_t mgi_runner_queue_rows(uint32_t asked, uint32_t batch_tokens) {
    if (asked != 0) return asked;
    uint32_t rows = batch_tokens / QUEUE_TOKENS * QUEUE_BATCHES;
    if (rows < QUEUE_ROWS) return QUEUE_ROWS;
    return rows < QUEUE_ROWS_USUAL_MOST ? rows : QUEUE_ROWS_USUAL_MOST;
}

static uint64_t estimate_host_bytes(uint32_t lanes, uint32_t rows, const mgi_model *model,
                                    const mgi_encoder_estimate *needs) {
    uint64_t row = mgi_model_labels(model)->count * sizeof(float) + sizeof(pthread_cond_t *);
    uint64_t worker = mgi_batcher_bytes(needs->batch_tokens, rows) +
                      mgi_batcher_rows(needs->batch_tokens, rows) * row + THREAD_BYTES;
    return lanes * worker + mgi_queue_bytes(rows, mgi_model_max_length(model)) +
           sizeof(mgi_counters) + mgi_tokenizer_bytes(mgi_model_tokenizer(model));
}

void mgi_runner_estimate_memory(const mgi_runner_options *options, const mgi_model *model,
                                const mgi_encoder_estimate *needs, mgi_runner_estimate *total) {
    uint32_t lanes = mgi_runner_lane_count(mgi_runner_cores(options), needs->lanes);
    uint32_t rows = mgi_runner_queue_rows(options->queue_rows, needs->batch_tokens);
    total->activations = lanes * needs->lane;
    total->workspace = needs->workspace;
    total->host = estimate_host_bytes(lanes, rows, model, needs) + needs->host_workspace;
}
