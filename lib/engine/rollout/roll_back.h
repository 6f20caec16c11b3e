/* SPDX-License-Identifier: Apache-2.0 */
/* The way back to the model that was live before: by hand, or by a watch. */
#ifndef MGI_ENGINE_ROLLOUT_ROLL_BACK_H
#define MGI_ENGINE_ROLLOUT_ROLL_BACK_H

#include "core/status.h"

#include <stdbool.h>

/* As mgeo_roll_back. The receipt is filled on success. */
mgeo_status mgi_roll_back(mgeo_engine *engine, const mgeo_roll_back_options *options,
                          mgeo_swap_receipt *receipt, mgeo_error *error);

/* A watch's limit was broken: back to what was before the cut-over to `route`, if that still
 * stands. checks are what was measured. Returns whether traffic moved. The engine's mutex is not
 * held. */
bool mgi_roll_back_for_watch(mgeo_engine *engine, uint64_t route, const char *reason,
                             const mgeo_check *checks, uint32_t count);

#endif
