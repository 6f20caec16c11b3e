/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's own way through a model: no queue, no workers, no counts.
 *
 * For work beside the traffic: comparisons and shadow calls. Rows are computed in the calling
 * thread, on one core and on a lane of the solo's own, so that they take no place from calls and
 * run at whatever priority the thread has. */
#ifndef MGI_RUN_SIDE_SCORER_H
#define MGI_RUN_SIDE_SCORER_H

#include "run/runner.h"

typedef struct mgi_side_scorer mgi_side_scorer;

/* Opens a lane on the runner's model; the runner outlives the solo.
 * Errors: MGEO_E_MEMORY, and what the backend's open_lane returns. */
mgeo_status mgi_side_scorer_create(mgi_runner *runner, mgi_side_scorer **solo, mgeo_error *error);
void mgi_side_scorer_destroy(mgi_side_scorer *solo);

/* As mgi_runner_score, in the calling thread. One call at a time. Cancellation by scores->progress
 * is looked at before each batch; its stage is not touched. */
mgeo_status mgi_side_scorer_score(mgi_side_scorer *solo, const mgeo_pair *pairs, size_t count,
                                  mgeo_scores *scores, mgeo_error *error);

/* Seconds that the last mgi_side_scorer_score took: of this thread's processor time where the model
 * is computed on a CPU, so that other work does not count, else on the clock. */
double mgi_side_scorer_seconds(const mgi_side_scorer *solo);

#endif
