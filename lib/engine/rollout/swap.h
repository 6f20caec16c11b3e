/* SPDX-License-Identifier: Apache-2.0 */
/* The swap: traffic moves to the standby model, through a gate or at once. */
#ifndef MGI_ENGINE_ROLLOUT_SWAP_H
#define MGI_ENGINE_ROLLOUT_SWAP_H

#include "core/status.h"

/* As mgeo_swap_model. The receipt is filled on success and on MGEO_E_REFUSED. */
mgeo_status mgi_swap_model(mgeo_engine *engine, const mgeo_swap_options *options,
                           mgeo_swap_receipt *receipt, mgeo_error *error);

#endif
