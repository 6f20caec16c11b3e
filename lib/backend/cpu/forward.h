/* SPDX-License-Identifier: Apache-2.0 */
/* One batch through the encoder. */
#ifndef MGI_BACKEND_CPU_FORWARD_H
#define MGI_BACKEND_CPU_FORWARD_H

#include "backend/backend.h"

/* As mgi_backend.run. */
mgeo_status mgi_cpu_forward_run(mgi_lane *lane, const mgi_batch *batch, mgi_team *team,
                                float *logits, mgeo_error *error);

#endif
