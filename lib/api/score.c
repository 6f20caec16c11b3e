/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring, and jobs, as the public functions see them. */
#include "api/check.h"
#include "engine/job.h"

#include <stdbool.h>

static mgeo_status check_scores(const mgeo_scores *scores, size_t count, mgeo_error *error) {
    if (count > 0 && scores->similarity == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_scores.similarity is NULL");
    }
    if (scores->probabilities == NULL && scores->logits == NULL) return MGEO_OK;
    size_t floats = 0;
    if (__builtin_mul_overflow(count, scores->probability_stride, &floats)) floats = SIZE_MAX;
    if (mgi_check_array(floats, sizeof(float), "", NULL) == MGEO_OK) return MGEO_OK;
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "%zu pairs with a probability_stride of %zu: no array is that large", count,
                    scores->probability_stride);
}

static mgeo_status read_scores(mgeo_scores *known, const mgeo_scores *scores, size_t count,
                               mgeo_error *error) {
    if (scores == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "scores is NULL");
    mgeo_status status = mgi_abi_read(known, sizeof *known, scores, "mgeo_scores", error);
    if (status == MGEO_OK) status = check_scores(known, count, error);
    return status;
}

/* What stays where the call fails. */
static void clear_outputs(mgeo_scores *known) {
    known->generation = 0;
    known->tokens = 0;
    known->label_count = 0;
    known->bad_rows = 0;
}

mgeo_status mgeo_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                       mgeo_scores *scores, mgeo_error *error) {
    mgeo_scores known;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = read_scores(&known, scores, count, error);
    if (status == MGEO_OK) status = mgi_check_pairs(pairs, count, error);
    if (status != MGEO_OK) return status;
    clear_outputs(&known);
    status = mgi_engine_score(engine, pairs, count, &known, NULL, error);
    mgi_abi_write(scores, &known, sizeof known, "mgeo_scores", NULL);
    return mgi_check_conclude(status, error);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

mgeo_status mgeo_job_begin(mgeo_engine *engine, const mgeo_job_options *options, mgeo_job **job,
                           mgeo_error *error) {
    if (job == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "job is NULL");
    *job = NULL;
    mgeo_job_options known;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) {
        status = mgi_abi_read(&known, sizeof known, options, "mgeo_job_options", error);
    }
    if (status == MGEO_OK) {
        status = mgi_check_switch(known.standby, "mgeo_job_options.standby", error);
    }
    if (status == MGEO_OK) status = mgi_job_begin(engine, &known, job, error);
    return mgi_check_conclude(status, error);
}

static mgeo_status check_job(const mgeo_job *job, mgeo_error *error) {
    if (job == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "job is NULL");
    return mgi_check_engine(mgi_job_engine(job), error);
}

mgeo_status mgeo_job_score(mgeo_job *job, const mgeo_pair *pairs, size_t count, mgeo_scores *scores,
                           mgeo_error *error) {
    mgeo_scores known;
    mgeo_status status = check_job(job, error);
    if (status == MGEO_OK) status = read_scores(&known, scores, count, error);
    if (status == MGEO_OK) status = mgi_check_pairs(pairs, count, error);
    if (status != MGEO_OK) return status;
    clear_outputs(&known);
    status = mgi_job_score(job, pairs, count, &known, error);
    mgi_abi_write(scores, &known, sizeof known, "mgeo_scores", NULL);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_job_get_info(mgeo_job *job, mgeo_model_info *info, mgeo_error *error) {
    mgeo_model_info known;
    mgeo_status status = check_job(job, error);
    if (status == MGEO_OK) status = mgi_check_output(info, "info", "mgeo_model_info", error);
    if (status != MGEO_OK) return status;
    mgi_job_info(job, &known);
    return mgi_check_conclude(mgi_abi_write(info, &known, sizeof known, "mgeo_model_info", error),
                              error);
}

void mgeo_job_end(mgeo_job *job) { mgi_job_end(job); }
