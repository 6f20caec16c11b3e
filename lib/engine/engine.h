/* SPDX-License-Identifier: Apache-2.0 */
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

/* The functions of <mgeo.h>, with every struct as this library knows it. Output structs are filled
 * on success, and where <mgeo.h> says so. */

/* ---- load.c, standby.c, admission.c ---- */
mgeo_status mgi_load_into_standby(mgeo_engine *engine, const char *path,
                                  const mgeo_load_options *options, mgeo_model_info *info,
                                  mgeo_error *error);
mgeo_status mgi_standby_unload(mgeo_engine *engine, mgeo_error *error);
mgeo_status mgi_admission_predict(const char *path, const mgeo_load_options *options,
                                  mgeo_memory *memory, mgeo_error *error);

/* ---- engine.c, job.c ---- */
mgeo_status mgi_engine_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                             mgeo_scores *scores, mgeo_error *error);
mgeo_status mgi_job_begin(mgeo_engine *engine, const mgeo_job_options *options, mgeo_job **job,
                          mgeo_error *error);
mgeo_engine *mgi_job_engine(const mgeo_job *job);
mgeo_status mgi_job_score(mgeo_job *job, const mgeo_pair *pairs, size_t count, mgeo_scores *scores,
                          mgeo_error *error);
void mgi_job_info(const mgeo_job *job, mgeo_model_info *info);
void mgi_job_end(mgeo_job *job);

/* ---- canary.c ---- */
mgeo_status mgi_canary_set(mgeo_engine *engine, uint32_t share, const mgeo_canary_options *options,
                           mgeo_error *error);

/* ---- compare.c, shadow.c, watch.c ---- */
mgeo_status mgi_compare_live_with_standby(mgeo_engine *engine, const mgeo_compare_options *options,
                                          mgeo_compare_report *report, mgeo_error *error);
mgeo_status mgi_shadow_set(mgeo_engine *engine, uint32_t share, const mgeo_shadow_options *options,
                           mgeo_error *error);
void mgi_shadow_report(mgeo_engine *engine, mgeo_shadow_report *report);
mgeo_status mgi_shadow_get_pair(mgeo_engine *engine, uint32_t rank, mgeo_shift *shift, char *a,
                                size_t a_capacity, char *b, size_t b_capacity, mgeo_error *error);
void mgi_watch_engine_report(mgeo_engine *engine, mgeo_watch_report *report);

/* ---- ask.c, metrics.c ---- */
mgeo_status mgi_query_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                           mgeo_error *error);
mgeo_status mgi_query_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index, char *name,
                                    size_t capacity, mgeo_error *error);
mgeo_status mgi_query_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                            mgeo_error *error);
void mgi_query_rollout(mgeo_engine *engine, mgeo_rollout *rollout);
mgeo_status mgi_metrics_render(mgeo_engine *engine, int32_t format, char *text, size_t capacity,
                               size_t *length, mgeo_error *error);

#endif
