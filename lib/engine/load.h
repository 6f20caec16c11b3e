/* SPDX-License-Identifier: Apache-2.0 */
/* A load from the directory to the standby slot. */
#ifndef MGI_ENGINE_LOAD_H
#define MGI_ENGINE_LOAD_H

#include "core/status.h"

/* As mgeo_load. */
mgeo_status mgi_load_into_standby(mgeo_engine *engine, const char *path,
                                  const mgeo_load_options *options, mgeo_model_info *info,
                                  mgeo_error *error);

#endif
