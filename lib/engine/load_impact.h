/* SPDX-License-Identifier: Apache-2.0 */
/* What a load did to live traffic: its call times before and during the load. */
#ifndef MGI_ENGINE_LOAD_IMPACT_H
#define MGI_ENGINE_LOAD_IMPACT_H

#include "core/status.h"

/* Begun at a load's start and ended when the model is ready. */
typedef struct mgi_load_impact mgi_load_impact;

/* *beside is NULL where nothing is live. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_load_impact_begin(mgeo_engine *engine, mgi_load_impact **impact, mgeo_error *error);

/* Fills live_calls_during, live_p99_before and live_p99_during. NULL: leaves them. Frees it. */
void mgi_load_impact_end(mgi_load_impact *impact, mgeo_model_info *info);

#endif
