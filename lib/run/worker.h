/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: one batch at a time, from waiting rows to results, in whichever thread enters. */
#ifndef MGI_RUN_WORKER_H
#define MGI_RUN_WORKER_H

#include "run/state.h"

/* Opens the worker's lane and makes it idle; the runner's queue exists. After a failure it is to be
 * finished all the same. Errors: MGEO_E_MEMORY, and what the backend's open_lane returns. */
mgeo_status mgi_worker_init(mgi_worker *worker, mgi_runner *runner, unsigned number,
                            mgeo_error *error);
void mgi_worker_finish(mgi_worker *worker);

/* The body of the runner's task: a thread of the pool runs batches while rows wait. */
void mgi_worker_pool_entry(mgi_thread_pool_task *task);

/* Asks the pool for as many threads as the waiting rows are worth splitting among. The mutex is
 * held. */
void mgi_worker_request_threads(mgi_runner *runner);

/* Runs one batch in the calling thread, so that no other has to be woken: off the CPU, for a caller
 * who is alone and has few rows. false: nothing was done. The mutex is held on entry and on return,
 * but not while the batch is computed. */
bool mgi_worker_run_inline(mgi_runner *runner);

#endif
