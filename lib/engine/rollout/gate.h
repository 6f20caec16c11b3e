/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: what a comparison must show before traffic is cut over. */
#ifndef MGI_ENGINE_ROLLOUT_GATE_H
#define MGI_ENGINE_ROLLOUT_GATE_H

#include "engine/slot_model.h"

/* Refuses a gate that makes no sense. Errors: MGEO_E_ARGUMENT. */
mgeo_status mgi_gate_check(const mgeo_gate *gate, mgeo_error *error);

/* Compares and fills checks [MGEO_MAX_CHECKS] and their count. MGEO_E_REFUSED, with a line that
 * names every broken limit and its figure, if the standby model must not go live; then and on
 * MGEO_OK the checks are filled. Other errors: those of mgeo_compare. The caller has leases of
 * both. */
mgeo_status mgi_gate_run(const mgi_slot_model *live, const mgi_slot_model *standby,
                         const mgeo_gate *gate, mgeo_check *checks, uint32_t *count,
                         mgeo_error *error);

#endif
