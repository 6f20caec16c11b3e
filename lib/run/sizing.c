/* How large a runner is made, and what it takes of memory. */
#include "core/thread.h"
#include "run/state.h"

enum {
    MGI_QUEUE_ROWS = 4096,
    MGI_QUEUE_ROWS_USUAL_MOST = 1 << 15,
    MGI_QUEUE_BATCHES = 4, /* that find their rows waiting, where they are ... */
    MGI_QUEUE_TOKENS = 32, /* ... of so many tokens each */
    MGI_THREADS_MOST = 1024,
    /* What a thread's stack and allocator come to: measured, see benchmarks/README.md. */
    MGI_THREAD_BYTES = 128 << 10
};

uint32_t mgi_runner_cores(const mgi_runner_options *options) {
    uint32_t cores = options->threads != 0 ? options->threads : mgi_processors();
    return cores < MGI_THREADS_MOST ? cores : MGI_THREADS_MOST;
}

uint32_t mgi_lanes_of(uint32_t cores, uint32_t lanes) { return lanes != 0 ? lanes : cores; }

uint32_t mgi_queue_rows_of(uint32_t asked, uint32_t batch_tokens) {
    if (asked != 0) return asked;
    uint32_t rows = batch_tokens / MGI_QUEUE_TOKENS * MGI_QUEUE_BATCHES;
    if (rows < MGI_QUEUE_ROWS) return MGI_QUEUE_ROWS;
    return rows < MGI_QUEUE_ROWS_USUAL_MOST ? rows : MGI_QUEUE_ROWS_USUAL_MOST;
}

static uint64_t mgi_host_bytes(uint32_t lanes, uint32_t rows, const mgi_model *model,
                               const mgi_encoder_needs *needs) {
    uint64_t row = mgi_model_labels(model)->count * sizeof(float) + sizeof(pthread_cond_t *);
    uint64_t worker = mgi_batcher_bytes(needs->batch_tokens, rows) +
                      mgi_batcher_rows(needs->batch_tokens, rows) * row + MGI_THREAD_BYTES;
    return lanes * worker + mgi_queue_bytes(rows, mgi_model_max_length(model)) +
           sizeof(mgi_counters) + mgi_tokenizer_bytes(mgi_model_tokenizer(model));
}

void mgi_runner_predict(const mgi_runner_options *options, const mgi_model *model,
                        const mgi_encoder_needs *needs, mgi_runner_needs *total) {
    uint32_t lanes = mgi_lanes_of(mgi_runner_cores(options), needs->lanes);
    uint32_t rows = mgi_queue_rows_of(options->queue_rows, needs->batch_tokens);
    total->activations = lanes * needs->lane;
    total->workspace = needs->workspace;
    total->host = mgi_host_bytes(lanes, rows, model, needs) + needs->host_workspace;
}
