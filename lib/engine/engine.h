/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's life, and one call's way through it. */
#ifndef MGI_ENGINE_ENGINE_H
#define MGI_ENGINE_ENGINE_H

#include "core/status.h"

#include <stdbool.h>

mgeo_status mgi_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                              mgeo_error *error);
void mgi_engine_destroy(mgeo_engine *engine);

/* Is this another process than the one that created the engine? */
bool mgi_engine_is_forked(const mgeo_engine *engine);

/* As mgeo_score. Here, and in every function of lib/engine that stands behind one of <mgeo.h>, the
 * api has checked pointers, sizes and enums, structs are this library's own, and output structs are
 * filled on success and where <mgeo.h> says so. *info, unless NULL, describes the model that
 * answered. */
mgeo_status mgi_engine_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                             mgeo_scores *scores, mgeo_model_info *info, mgeo_error *error);

#endif
