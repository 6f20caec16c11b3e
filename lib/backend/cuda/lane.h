/* SPDX-License-Identifier: Apache-2.0 */
/* A lane: a CUDA stream with the memory for one batch at a time. As in backend.h's vtable. */
#ifndef MGI_BACKEND_CUDA_LANE_H
#define MGI_BACKEND_CUDA_LANE_H

#include "backend/backend.h"

mgeo_status mgi_cuda_lane_open(mgi_encoder *encoder, mgi_lane **lane, mgeo_error *error);
mgeo_status mgi_cuda_lane_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team, float *logits,
                              mgeo_error *error);
void mgi_cuda_lane_close(mgi_lane *lane);

#endif
