/* SPDX-License-Identifier: Apache-2.0 */
/* One model at work, as the layers above see it: its row queue, its workers, its counts.
 *
 * runner.c makes and ends it, warm_up.c and score.c give it work, snapshot.c reads its counts. */
#ifndef MGI_RUN_RUNNER_H
#define MGI_RUN_RUNNER_H

#include "model/model.h"
#include "run/thread_pool.h"
#include "stats/snapshot.h"

typedef struct mgi_runner mgi_runner;

typedef struct mgi_runner_options {
    uint32_t threads;      /* CPU threads that compute; 0: mgi_process_cpus() */
    uint32_t queue_rows;   /* rows that may wait; 0: 4,096, or enough for several batches */
    bool live_traffic;     /* other models serve calls: warm-up takes one core and times nothing */
    mgi_thread_pool *pool; /* for a model computed on a CPU, and outlives the runner; NULL: a pool
                            * of its own, as models on other devices always have */
} mgi_runner_options;

/* Sets up the workers of a model. On success the runner owns the model; on failure the caller still
 * does. Errors: MGEO_E_MEMORY, and what the backend's open_lane returns. */
mgeo_status mgi_runner_create(mgi_model *model, const mgi_runner_options *options,
                              mgi_runner **runner, mgeo_error *error);

/* Ends the workers and frees runner and model. No mgi_runner_score may be running. */
void mgi_runner_destroy(mgi_runner *runner);

/* Runs batches of the lengths that will be seen, so that no first call pays for set-up. Before any
 * mgi_runner_score. Errors: MGEO_E_CANCELLED, MGEO_E_DEVICE, MGEO_E_MEMORY. */
mgeo_status mgi_runner_warm_up(mgi_runner *runner, mgeo_progress *progress, mgeo_error *error);

/* As mgeo_score; scores has been checked, its totals are 0, and generation is not touched. `start`,
 * of mgi_clock_now(), is when the call arrived. Any thread. */
mgeo_status mgi_runner_score(mgi_runner *runner, double start, const mgeo_pair *pairs, size_t count,
                             mgeo_scores *scores, mgeo_error *error);

/* Cores that a runner of these options computes with. */
uint32_t mgi_runner_cores(const mgi_runner_options *options);

/* Memory that a runner takes besides its model's weights, in bytes. */
typedef struct mgi_runner_estimate {
    uint64_t activations; /* all lanes', where the model is computed */
    uint64_t workspace;   /* the backend's libraries, there too */
    uint64_t host;        /* queue, batches, threads, tokenizer: of the process's memory */
} mgi_runner_estimate;

/* encoder: the estimate for the model's encoder on mgi_runner_cores cores. */
void mgi_runner_estimate_memory(const mgi_runner_options *options, const mgi_model *model,
                                const mgi_encoder_estimate *encoder, mgi_runner_estimate *total);

/* false: the device failed and does not open again, so calls fail. Any thread. */
bool mgi_runner_healthy(const mgi_runner *runner);

const mgi_model *mgi_runner_model(const mgi_runner *runner);
uint32_t mgi_runner_threads(const mgi_runner *runner);

/* Fills all of stats but generation. Takes the runner's mutex for a moment. Any thread. */
void mgi_runner_stats(mgi_runner *runner, mgeo_stats *stats);

/* Copies all that the runner has counted since it was made. Takes no lock. Any thread. */
void mgi_runner_snapshot(const mgi_runner *runner, mgi_snapshot *snapshot);

#endif
