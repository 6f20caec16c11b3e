/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to an engine: what is where, and what it has done. */
#ifndef MGI_ENGINE_QUERY_H
#define MGI_ENGINE_QUERY_H

#include "core/status.h"

/* As mgeo_get_info, and so on. */
mgeo_status mgi_query_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                           mgeo_error *error);
mgeo_status mgi_query_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index, char *name,
                                    size_t capacity, mgeo_error *error);
mgeo_status mgi_query_unused_field(mgeo_engine *engine, int32_t slot, uint64_t index,
                                   mgeo_unused_field *field, mgeo_error *error);
mgeo_status mgi_query_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                            mgeo_error *error);
void mgi_query_rollout(mgeo_engine *engine, mgeo_rollout *rollout);

#endif
