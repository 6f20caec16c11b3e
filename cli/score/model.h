/* SPDX-License-Identifier: Apache-2.0 */
/* The engine with the model that the user asked for. */
#ifndef CLI_SCORE_MODEL_H
#define CLI_SCORE_MODEL_H

#include <mgeo.h>

#include "common/error.h"
#include "score/options.h"

/* Creates an engine and loads the model; on success *engine is the caller's. `loading` is the
 * block through which the load is watched and cancelled. Otherwise the status is the library's; an
 * error with an empty line means that a signal came. */
mgeo_status model_open(const struct options *options, mgeo_progress *loading, mgeo_engine **engine,
                       mgeo_model_info *info, struct error *error);

#endif
