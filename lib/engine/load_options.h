/* SPDX-License-Identifier: Apache-2.0 */
/* What a load's options say of its model and of its runner. */
#ifndef MGI_ENGINE_LOAD_OPTIONS_H
#define MGI_ENGINE_LOAD_OPTIONS_H

#include "run/runner.h"

/* Texts and the progress block are borrowed. */
mgi_model_options mgi_load_options_for_model(const mgeo_load_options *options);

/* For a runner without live traffic and with threads of its own. */
mgi_runner_options mgi_load_options_for_runner(const mgeo_load_options *options,
                                               uint32_t queue_rows);

#endif
