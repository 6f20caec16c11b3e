/* SPDX-License-Identifier: Apache-2.0 */
/* What a runner is made of: shared by the files of lib/run alone. */
#ifndef MGI_RUN_STATE_H
#define MGI_RUN_STATE_H

#include "core/lock.h"
#include "run/batcher.h"
#include "run/parallelism.h"
#include "run/queue.h"
#include "run/runner.h"
#include "run/thread_pool.h"
#include "stats/counters.h"

/* One call in flight, and what is kept for the next one: calls are pooled. The runner's mutex
 * guards all but what encoding uses. */
typedef struct mgi_call {
    mgi_queue_source source; /* first, so that a row's source leads back to its call */
    pthread_cond_t wake;     /* rows done, the call failed, or room in the queue */
    mgi_tokenizer_scratch *scratch;
    unsigned stripe;       /* of the counters */
    struct mgi_call *next; /* in the pool, or among those that wait for room */

    mgeo_scores *scores;
    size_t open_rows; /* put into the queue and not answered yet */
    uint64_t tokens;
    uint64_t failed_rows;  /* computed without a score; the workers' count */
    uint64_t refused_rows; /* whose texts cannot be scored; the caller's thread's count */
    uint64_t skipped_rows; /* never computed; the caller's thread's count */
    mgeo_status status;    /* the first failure */
    mgeo_error failure;
} mgi_call;

/* Room for one batch at a time: a lane and what stands around it. */
typedef struct mgi_worker {
    mgi_runner *runner;
    mgi_lane *lane; /* NULL after a failure of the device, until it opens again */
    mgi_batcher batcher;
    float *logits;          /* [rows_most * labels] */
    pthread_cond_t **wakes; /* [rows_most]: of the calls that the last batch has answered */
    uint32_t wakes_count;
    struct mgi_worker *next_idle;
    unsigned number;
} mgi_worker;

struct mgi_runner {
    mgi_model *model;
    const mgi_backend *backend;
    mgi_encoder *encoder;
    const mgi_labels *labels;
    uint32_t max_length;
    uint32_t vocabulary;
    uint32_t batch_tokens;
    uint32_t min_split_tokens; /* not to be split among workers */
    bool mixed_lengths;        /* rows go together as they come */
    uint32_t cores;            /* 1 where the model is not computed on a CPU */
    bool on_cpu;
    bool live_traffic; /* warm-up leaves the other cores to live traffic */
    uint32_t workers_count;
    mgi_worker *workers;
    mgi_thread_pool *crew; /* whose threads come to the workers */
    bool owns_threads;
    mgi_thread_pool_task task; /* in the crew when `joined` */
    bool joined;
    mgi_counters *counters;
    atomic_bool device_failed; /* the last lane that was to be opened could not be */

    mgi_lock mutex; /* guards the rest */
    mgi_queue queue;
    mgi_worker *idle;      /* last in, first out: warm caches first */
    mgi_call *pool;        /* calls not in use */
    mgi_call *space_first; /* calls that wait for room in the queue, in order */
    mgi_call *space_last;
    uint32_t calls; /* in flight */
    uint32_t busy_workers;
    double batch_seconds; /* of late; 0: not known */
    mgi_parallelism lone;
    unsigned next_stripe;
};

/* ---- needs.c ---- */

/* Lanes, and so workers, where the backend asks for `lanes`; 0: one for each core. */
uint32_t mgi_runner_lane_count(uint32_t cores, uint32_t lanes);
/* The queue's rows: as asked for, or enough for some batches. */
uint32_t mgi_runner_queue_rows(uint32_t asked, uint32_t batch_tokens);

/* ---- runner.c ---- */

/* A batch took so long. The mutex is held, as in the next. */
void mgi_runner_learn_batch(mgi_runner *runner, double seconds);
/* Seconds that rows wait for a thread while other models have them all. */
double mgi_runner_patience(const mgi_runner *runner);

/* ---- worker.c ---- */

mgeo_status mgi_worker_init(mgi_worker *worker, mgi_runner *runner, unsigned number,
                            mgeo_error *error);
/* Frees what init made. */
void mgi_worker_finish(mgi_worker *worker);
/* The runner's task: a thread of the crew computes batches while rows wait. */
void mgi_worker_pool_entry(mgi_thread_pool_task *task);
/* Has the waiting rows computed: calls as many threads as they are to be split among. The mutex is
 * held. */
void mgi_worker_request_threads(mgi_runner *runner);
/* The same where nobody waits but the one caller who asks, with few rows and off the CPU: his own
 * thread takes a worker's place for one batch, and no thread has to be woken. false: nothing was
 * done. The mutex is held here and at the end, but not while the batch is computed. */
bool mgi_worker_run_inline(mgi_runner *runner);

/* ---- call.c ---- */

/* A call out of the pool or a new one; NULL when out of memory. The mutex is held here and at the
 * end, but not while memory is had. */
mgi_call *mgi_call_begin(mgi_runner *runner, mgeo_scores *scores);
/* Back into the pool. The mutex is held. */
void mgi_call_end(mgi_runner *runner, mgi_call *call);
void mgi_call_pool_finish(mgi_runner *runner);

/* ---- answer.c ---- */

/* Clears what a call fills in. Errors: MGEO_E_CAPACITY; then nothing may be scored. */
mgeo_status mgi_results_begin(const mgi_runner *runner, mgeo_scores *scores, mgeo_error *error);
/* Writes the answer that a row's logits give; entry->flags gets what they add. */
void mgi_results_write_row(const mgi_labels *labels, mgi_batcher_entry *entry, const float *logits,
                           mgeo_scores *scores);
/* Marks the row at `index` as one without a score. */
void mgi_results_refuse_row(mgeo_scores *scores, size_t index, uint32_t flags);
/* ---- lane.c ---- */

/* Computes the batcher's batch, in parts where the device has too little memory for it whole. Opens
 * the lane if it is NULL; when the device fails, closes it and opens a fresh one if that can be.
 * Entries of rows that were not computed get MGEO_ROW_SKIPPED: on MGEO_E_MEMORY some may have been,
 * on success all were. */
mgeo_status mgi_execute_batch(mgi_runner *runner, mgi_lane **lane, mgi_batcher *batcher,
                              unsigned cores, float *logits, mgeo_error *error);

/* ---- score.c ---- */

/* Lets the first call that waits for room in the queue look again. The mutex is held. */
void mgi_queue_space_signal(mgi_runner *runner);

#endif
