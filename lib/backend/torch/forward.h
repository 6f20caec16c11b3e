/* SPDX-License-Identifier: Apache-2.0 */
/* The forward pass. */
#ifndef MGI_BACKEND_TORCH_FORWARD_H
#define MGI_BACKEND_TORCH_FORWARD_H

#include "backend/team.h"
#include "backend/torch/encoder.h"

/* Logits [rows, labels] of a batch, as mgi_backend.run. */
mgeo_status mgi_torch_forward_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team,
                                  float *logits, mgeo_error *error);

#endif
