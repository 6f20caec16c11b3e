/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: one model, leased for many calls. */
#ifndef MGI_ENGINE_JOB_H
#define MGI_ENGINE_JOB_H

#include "core/status.h"

/* As mgeo_job_begin, and so on. */
mgeo_status mgi_job_begin(mgeo_engine *engine, const mgeo_job_options *options, mgeo_job **job,
                          mgeo_error *error);
mgeo_status mgi_job_score(mgeo_job *job, const mgeo_pair *pairs, size_t count, mgeo_scores *scores,
                          mgeo_error *error);
void mgi_job_info(const mgeo_job *job, mgeo_model_info *info);
void mgi_job_end(mgeo_job *job);

mgeo_engine *mgi_job_engine(const mgeo_job *job);

#endif
