/* How large a runner is made, and what it takes of memory. */
#include "core/thread.h"
#include "run/state.h"

enum {
    MGI_QUEUE_ROWS = 4096,
    MGI_THREADS_MOST = 1024,
    MGI_DEVICE_LANES = 2, /* off the CPU: one batch is prepared while another one computes */
    /* What a thread's stack and allocator come to: measured, see bench/README.md. */
    MGI_THREAD_BYTES = 128 << 10
};

uint32_t mgi_runner_cores(const mgi_runner_options *options) {
    uint32_t cores = options->threads != 0 ? options->threads : mgi_processors();
    return cores < MGI_THREADS_MOST ? cores : MGI_THREADS_MOST;
}

uint32_t mgi_lanes_of(uint32_t cores, bool on_cpu) { return on_cpu ? cores : MGI_DEVICE_LANES; }

uint32_t mgi_queue_rows_of(uint32_t asked) { return asked != 0 ? asked : MGI_QUEUE_ROWS; }

void mgi_runner_predict(const mgi_runner_options *options, const mgi_model *model,
                        const mgi_encoder_needs *needs, mgi_runner_needs *total) {
    uint32_t lanes = mgi_lanes_of(mgi_runner_cores(options), needs->on_cpu);
    uint32_t rows = mgi_queue_rows_of(options->queue_rows);
    uint64_t logits = (uint64_t)mgi_batcher_rows(needs->batch_tokens, rows) *
                      mgi_model_labels(model)->count * sizeof(float);
    uint64_t worker = mgi_batcher_bytes(needs->batch_tokens, rows) + logits + MGI_THREAD_BYTES;
    total->activations = lanes * needs->lane;
    total->workspace = needs->workspace + lanes * worker +
                       mgi_queue_bytes(rows, mgi_model_max_length(model)) + sizeof(mgi_counters) +
                       mgi_tokenizer_bytes(mgi_model_tokenizer(model));
}
