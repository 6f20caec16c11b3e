/* SPDX-License-Identifier: Apache-2.0 */
/* A model in its slot. */
#ifndef MGI_ENGINE_SLOT_MODEL_H
#define MGI_ENGINE_SLOT_MODEL_H

#include "run/runner.h"

/* Written only while no call is sent to the slot and no pin is left; read under a pin or the
 * engine's mutex. */
typedef struct mgi_slot_model {
    mgi_runner *runner; /* NULL: the slot is empty */
    mgeo_model_info info;
} mgi_slot_model;

/* Its info as things stand, for whoever asks. */
static inline void mgi_slot_model_describe(const mgi_slot_model *model, bool live,
                                           mgeo_model_info *info) {
    *info = model->info;
    info->live = live;
    info->healthy = mgi_runner_healthy(model->runner);
}

#endif
