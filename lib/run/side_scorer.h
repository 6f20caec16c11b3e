/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring in the calling thread alone, apart from a runner's queue, workers and counts.
 *
 * For comparisons and shadow calls. Rows are computed on one core and on a lane of the scorer's
 * own, so that they take neither queue space nor a worker from calls, at the thread's priority. */
#ifndef MGI_RUN_SIDE_SCORER_H
#define MGI_RUN_SIDE_SCORER_H

#include "run/runner.h"

typedef struct mgi_side_scorer mgi_side_scorer;

/* Opens a lane on the runner's model; the runner outlives the scorer.
 * Errors: MGEO_E_MEMORY, and what the backend's open_lane returns. */
mgeo_status mgi_side_scorer_create(mgi_runner *runner, mgi_side_scorer **scorer, mgeo_error *error);
void mgi_side_scorer_destroy(mgi_side_scorer *scorer);

/* As mgi_runner_score, in the calling thread. One call at a time. Cancellation by scores->progress
 * is checked before each batch; its stage is not touched. */
mgeo_status mgi_side_scorer_score(mgi_side_scorer *scorer, const mgeo_pair *pairs, size_t count,
                                  mgeo_scores *scores, mgeo_error *error);

/* Seconds that the last mgi_side_scorer_score took: of the thread's processor time where the model
 * is computed on a CPU, so that time in which other work runs does not count, else on the clock. */
double mgi_side_scorer_seconds(const mgi_side_scorer *scorer);

#endif
