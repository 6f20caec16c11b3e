/* What live traffic felt while a load ran beside it. */
#ifndef MGI_ENGINE_LOAD_IMPACT_H
#define MGI_ENGINE_LOAD_IMPACT_H

#include "engine/state.h"

/* Begun at a load's start and ended when the model is ready. */
typedef struct mgi_beside mgi_beside;

/* *beside is NULL where nothing is live. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_beside_begin(mgeo_engine *engine, mgi_beside **beside, mgeo_error *error);

/* Fills live_calls_during, live_p99_before and live_p99_during. NULL: leaves them. Frees it. */
void mgi_beside_end(mgi_beside *beside, mgeo_model_info *info);

#endif
