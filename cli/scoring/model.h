/* SPDX-License-Identifier: Apache-2.0 */
/* The engine with the model that the user asked for. */
#ifndef CLI_SCORING_MODEL_H
#define CLI_SCORING_MODEL_H

#include <mgeo.h>

#include "common/error.h"
#include "scoring/model_options.h"

/* Creates an engine and loads the model; on success *engine is the caller's. A program that scores
 * once and ends is `brief`: it gains nothing by practice runs. `loading` is the block through which
 * the load is watched and cancelled. Otherwise the status is the library's; an error with an empty
 * line means that a signal came. */
mgeo_status model_open(const struct model_options *options, bool brief, bool quiet,
                       mgeo_progress *loading, mgeo_engine **engine, mgeo_model_info *info,
                       struct error *error);

/* Loads another model into the engine, where it waits on standby. `failing` begins the error's
 * line.
 */
mgeo_status model_load(const struct model_options *options, const char *failing, bool brief,
                       bool quiet, mgeo_progress *loading, mgeo_engine *engine,
                       mgeo_model_info *info, struct error *error);

#endif
