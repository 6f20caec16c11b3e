/* SPDX-License-Identifier: Apache-2.0 */
/* The standby slot: who may use it, filled by loads, emptied by unloads. */
#ifndef MGI_ENGINE_STANDBY_H
#define MGI_ENGINE_STANDBY_H

#include "engine/slot_model.h"

/* The slot that is not live; of an empty engine the one that the first load fills. The engine's
 * mutex is held. */
int32_t mgi_standby_slot(const mgeo_engine *engine);

/* May the standby model be replaced or unloaded? The mutex is held. Errors: MGEO_E_BUSY, with a
 * line that says who uses it. */
mgeo_status mgi_standby_may_empty(const mgeo_engine *engine, mgeo_error *error);

/* The model that a load replaces. */
typedef struct mgi_standby_replaced {
    mgi_runner *runner; /* which the caller destroys; NULL: the slot was empty */
    mgeo_model_info info;
    uint64_t calls; /* that were waited for */
} mgi_standby_replaced;

/* May the standby model be given a share of the calls, `to` "answer" or "score"? The mutex is held.
 * Errors: MGEO_E_NO_MODEL, MGEO_E_BUSY. */
mgeo_status mgi_standby_may_share(const mgeo_engine *engine, const char *to, mgeo_error *error);

/* Puts `next` into the standby slot, and makes it live if nothing is; its slot, generation and live
 * are filled in. First waits for the users of the model that stood by there. *ticket is the
 * event's place in the journal. Errors: MGEO_E_CANCELLED (progress); then nothing has changed. */
mgeo_status mgi_standby_fill(mgeo_engine *engine, mgi_slot_model *next, mgeo_progress *progress,
                             mgi_standby_replaced *replaced, uint64_t *ticket, mgeo_error *error);

/* As mgeo_unload. */
mgeo_status mgi_standby_unload(mgeo_engine *engine, mgeo_error *error);

#endif
