/* SPDX-License-Identifier: Apache-2.0 */
/* What a runner is made of: the structs that the files of lib/run share, and their words.
 *
 * A lane is the backend's execution context for one batch at a time (backend.h). A worker is a lane
 * with the memory around it: a batcher that packs a batch and the logits that come out. Threads are
 * not bound to workers: they belong to a thread pool (that of the engine for models on the CPU, the
 * runner's own for others), enter through the runner's task there, borrow an idle worker and run
 * one batch at a time while rows wait. A call is one mgi_runner_score in flight; its rows wait in
 * the queue until a batcher takes them, and its caller sleeps until they have results. A batch that
 * is alone is lent a team: helpers of the pool, which compute parts of it (lent_team.h). */
#ifndef MGI_RUN_STATE_H
#define MGI_RUN_STATE_H

#include "core/lock.h"
#include "run/batcher.h"
#include "run/lent_team.h"
#include "run/parallelism.h"
#include "run/queue.h"
#include "run/runner.h"
#include "run/thread_pool.h"
#include "stats/counters.h"

/* One call in flight, kept afterwards for a later call. The runner's mutex guards all but what
 * encoding uses. */
typedef struct mgi_call {
    mgi_queue_source source; /* first, so that a row's source leads back to its call */
    pthread_cond_t wake;     /* rows done, the call failed, or space in the queue */
    mgi_tokenizer_scratch *scratch;
    unsigned stripe;       /* of the counters */
    struct mgi_call *next; /* among the idle calls, or those that wait for queue space */

    mgeo_scores *scores;
    size_t open_rows; /* put into the queue, without a result so far */
    uint64_t tokens;
    uint64_t failed_rows;  /* computed without a score; counted by the workers */
    uint64_t refused_rows; /* whose texts cannot be scored; counted by the caller's thread */
    uint64_t skipped_rows; /* never computed; counted by the caller's thread */
    mgeo_status status;    /* the first failure */
    mgeo_error failure;
} mgi_call;

/* What one batch at a time is computed with. */
typedef struct mgi_worker {
    mgi_runner *runner;
    mgi_lane *lane; /* NULL after a failure of the device, until it opens again */
    mgi_batcher batcher;
    mgi_lent_team team;     /* for a batch on several cores */
    float *logits;          /* [max_rows * labels] */
    pthread_cond_t **wakes; /* [max_rows]: of the calls that the last batch completed or failed */
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
    uint32_t min_split_tokens; /* waiting rows are split among workers in parts no smaller */
    bool mixed_lengths;        /* batches are filled in queue order, not by like length */
    uint32_t cores;            /* 1 where the model is not computed on a CPU */
    bool on_cpu;
    bool live_traffic; /* warm-up leaves the other cores to it */
    uint32_t workers_count;
    mgi_worker *workers;
    mgi_thread_pool *pool;
    bool owns_pool;
    mgi_thread_pool_task task; /* in the pool while `registered` */
    bool registered;
    mgi_counters *counters;
    atomic_bool
        device_failed; /* opening a lane failed, and no batch or opening has succeeded since */

    mgi_lock mutex; /* guards the rest */
    mgi_queue queue;
    mgi_worker *idle; /* last in, first out: warm caches first */
    mgi_call *idle_calls;
    mgi_call *space_first; /* calls that wait for queue space, in order of arrival */
    mgi_call *space_last;
    uint32_t calls; /* in flight */
    uint32_t busy_workers;
    double batch_seconds;       /* how long a batch takes, smoothed; 0: not known */
    mgi_parallelism single_row; /* how batches that are alone are best computed */
    unsigned next_stripe;
};

#endif
