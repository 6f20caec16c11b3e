/* The engine as api.c sees it: arguments have been checked, structs are this library's own. */
#ifndef MGI_ENGINE_ENGINE_H
#define MGI_ENGINE_ENGINE_H

#include "core/status.h"

#include <stdbool.h>

mgeo_status mgi_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                              mgeo_error *error);
void mgi_engine_destroy(mgeo_engine *engine);

/* Is this another process than the one that created the engine? */
bool mgi_engine_is_forked(const mgeo_engine *engine);

/* The functions of <mgeo.h>, with every struct as this library knows it. info and receipt are
 * filled on success. */
mgeo_status mgi_engine_load(mgeo_engine *engine, const char *path, const mgeo_load_options *options,
                            mgeo_model_info *info, mgeo_error *error);
mgeo_status mgi_engine_unload(mgeo_engine *engine, mgeo_error *error);
mgeo_status mgi_engine_swap(mgeo_engine *engine, const mgeo_swap_options *options,
                            mgeo_swap_receipt *receipt, mgeo_error *error);
mgeo_status mgi_engine_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                             mgeo_scores *scores, mgeo_error *error);
mgeo_status mgi_engine_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                            mgeo_error *error);
mgeo_status mgi_engine_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index, char *name,
                                     size_t capacity, mgeo_error *error);
mgeo_status mgi_engine_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                             mgeo_error *error);

#endif
