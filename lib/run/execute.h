/* SPDX-License-Identifier: Apache-2.0 */
/* A batch run on a lane, in the face of too little memory and of a lost device. */
#ifndef MGI_RUN_EXECUTE_H
#define MGI_RUN_EXECUTE_H

#include "run/batcher.h"
#include "run/runner.h"

/* Runs the batcher's batch, in parts where the device has too little memory for it whole. Opens the
 * lane if it is NULL; when the device fails, closes it and tries to open another. Entries of rows
 * that were not computed get MGEO_ROW_SKIPPED: on success there are none, on MGEO_E_MEMORY some may
 * have been computed. Errors: what the backend's open_lane and run return. Any thread, one at a
 * time for each lane and team. */
mgeo_status mgi_execute_batch(mgi_runner *runner, mgi_lane **lane, mgi_batcher *batcher,
                              mgi_team *team, float *logits, mgeo_error *error);

#endif
