/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's figures as metrics. */
#ifndef MGI_ENGINE_METRICS_H
#define MGI_ENGINE_METRICS_H

#include "core/status.h"

/* As mgeo_write_metrics. */
mgeo_status mgi_metrics_render(mgeo_engine *engine, int32_t format, char *text, size_t capacity,
                               size_t *length, mgeo_error *error);

#endif
