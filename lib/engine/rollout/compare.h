/* SPDX-License-Identifier: Apache-2.0 */
/* Two models on the same pairs: how far they differ, and what that costs. */
#ifndef MGI_ENGINE_ROLLOUT_COMPARE_H
#define MGI_ENGINE_ROLLOUT_COMPARE_H

#include "engine/slot_model.h"

/* Compares two models, of which the caller has leases. `report` has its worst and worst_capacity
 * set. Errors: those of mgeo_compare. */
mgeo_status mgi_compare_models(const mgi_slot_model *live, const mgi_slot_model *standby,
                               const mgeo_compare_options *options, mgeo_compare_report *report,
                               mgeo_error *error);

/* As mgeo_compare. */
mgeo_status mgi_compare_live_with_standby(mgeo_engine *engine, const mgeo_compare_options *options,
                                          mgeo_compare_report *report, mgeo_error *error);

#endif
