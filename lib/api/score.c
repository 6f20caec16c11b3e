/* SPDX-License-Identifier: Apache-2.0 */
/* Models and calls, as the public functions see them: arguments are checked here, everything else
 * is delegated. */
#include "api/check.h"

#include "core/names.h"
#include "engine/engine.h"
#include "engine/job.h"
#include "engine/load.h"
#include "engine/query.h"
#include "engine/standby.h"

#include <string.h>

enum { MGI_ACTOR_BYTES = 127 };

/* ---- the engine ------------------------------------------------------------------------------ */

mgeo_status mgeo_engine_create(const mgeo_engine_options *options, mgeo_engine **engine,
                               mgeo_error *error) {
    if (engine == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "engine is NULL");
    *engine = NULL;
    mgeo_engine_options known;
    mgeo_status status = mgi_abi_read(&known, sizeof known, options, "mgeo_engine_options", error);
    if (status == MGEO_OK && known.actor != NULL && strlen(known.actor) > MGI_ACTOR_BYTES) {
        status =
            mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_engine_options.actor has %zu bytes: at most %d",
                     strlen(known.actor), MGI_ACTOR_BYTES);
    }
    if (status == MGEO_OK) status = mgi_engine_create(&known, engine, error);
    return mgi_check_conclude(status, error);
}

void mgeo_engine_destroy(mgeo_engine *engine) { mgi_engine_destroy(engine); }

/* ---- loading --------------------------------------------------------------------------------- */

mgeo_status mgi_check_read_load_options(mgeo_load_options *known, const mgeo_load_options *options,
                                        mgeo_error *error) {
    mgeo_status status = mgi_abi_read(known, sizeof *known, options, "mgeo_load_options", error);
    if (status != MGEO_OK) return status;
    if (known->threads > MGEO_MAX_THREADS) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_load_options.threads is %u: at most %d",
                        known->threads, MGEO_MAX_THREADS);
    }
    if (!mgi_names_has_precision(known->precision)) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_load_options.precision is %d: not an mgeo_precision",
                        (int)known->precision);
    }
    if (known->skip_warm_up > 1) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_load_options.skip_warm_up is %u: 0 or 1",
                        known->skip_warm_up);
    }
    if (known->allow_tf32 > 1 || known->reserved != 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "mgeo_load_options.allow_tf32 is %u: 0 or 1, and reserved 0",
                        known->allow_tf32);
    }
    return MGEO_OK;
}

mgeo_status mgeo_load(mgeo_engine *engine, const char *path, const mgeo_load_options *options,
                      mgeo_model_info *info, mgeo_error *error) {
    mgeo_load_options known;
    mgeo_model_info loaded = {.struct_size = sizeof loaded};
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = mgi_check_read_load_options(&known, options, error);
    if (status == MGEO_OK) status = mgi_abi_check(info, "mgeo_model_info", error);
    if (status == MGEO_OK) status = mgi_load_into_standby(engine, path, &known, &loaded, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(info, &loaded, sizeof loaded, "mgeo_model_info", error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_unload(mgeo_engine *engine, mgeo_error *error) {
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = mgi_standby_unload(engine, error);
    return mgi_check_conclude(status, error);
}

/* ---- scoring --------------------------------------------------------------------------------- */

mgeo_status mgi_check_pairs(const mgeo_pair *pairs, size_t count, mgeo_error *error) {
    if (count > 0 && pairs == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "pairs is NULL");
    for (size_t i = 0; i < count; i++) {
        bool no_a = pairs[i].a == NULL && pairs[i].a_len != 0;
        bool no_b = pairs[i].b == NULL && pairs[i].b_len != 0;
        if (no_a || no_b) {
            return mgi_fail(error, MGEO_E_ARGUMENT, "pairs[%zu].%s is NULL and its length is not 0",
                            i, no_a ? "a" : "b");
        }
    }
    return MGEO_OK;
}

static mgeo_status check_scores(const mgeo_scores *scores, size_t count, mgeo_error *error) {
    if (count > 0 && scores->similarity == NULL) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_scores.similarity is NULL");
    }
    size_t floats = 0;
    size_t bytes = 0;
    if (scores->probabilities != NULL &&
        (__builtin_mul_overflow(count, scores->probability_stride, &floats) ||
         __builtin_mul_overflow(floats, sizeof(float), &bytes))) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "%zu pairs with a probability_stride of %zu: no array is that large", count,
                        scores->probability_stride);
    }
    return MGEO_OK;
}

mgeo_status mgi_check_read_scores(mgeo_scores *known, const mgeo_scores *scores, size_t count,
                                  mgeo_error *error) {
    if (scores == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "scores is NULL");
    mgeo_status status = mgi_abi_read(known, sizeof *known, scores, "mgeo_scores", error);
    if (status == MGEO_OK) status = check_scores(known, count, error);
    return status;
}

void mgi_check_clear_outputs(mgeo_scores *known) {
    known->generation = 0;
    known->tokens = 0;
    known->label_count = 0;
    known->bad_rows = 0;
}

mgeo_status mgeo_score(mgeo_engine *engine, const mgeo_pair *pairs, size_t count,
                       mgeo_scores *scores, mgeo_error *error) {
    mgeo_scores known;
    mgeo_status status = mgi_check_engine(engine, error);
    if (status == MGEO_OK) status = mgi_check_read_scores(&known, scores, count, error);
    if (status == MGEO_OK) status = mgi_check_pairs(pairs, count, error);
    if (status != MGEO_OK) return status;
    mgi_check_clear_outputs(&known);
    status = mgi_engine_score(engine, pairs, count, &known, error);
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
    if (status == MGEO_OK && known.standby > 1) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "mgeo_job_options.standby is %u: 0 or 1",
                          known.standby);
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
    if (status == MGEO_OK) status = mgi_check_read_scores(&known, scores, count, error);
    if (status == MGEO_OK) status = mgi_check_pairs(pairs, count, error);
    if (status != MGEO_OK) return status;
    mgi_check_clear_outputs(&known);
    status = mgi_job_score(job, pairs, count, &known, error);
    mgi_abi_write(scores, &known, sizeof known, "mgeo_scores", NULL);
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_job_get_info(mgeo_job *job, mgeo_model_info *info, mgeo_error *error) {
    mgeo_model_info known;
    mgeo_status status = check_job(job, error);
    if (status == MGEO_OK && info == NULL) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "info is NULL");
    }
    if (status == MGEO_OK) status = mgi_abi_check(info, "mgeo_model_info", error);
    if (status != MGEO_OK) return status;
    mgi_job_info(job, &known);
    return mgi_check_conclude(mgi_abi_write(info, &known, sizeof known, "mgeo_model_info", error),
                              error);
}

void mgeo_job_end(mgeo_job *job) { mgi_job_end(job); }

/* ---- asking ---------------------------------------------------------------------------------- */

static mgeo_status check_query(const mgeo_engine *engine, int32_t slot, const void *answer,
                               const char *what, mgeo_error *error) {
    mgeo_status status = mgi_check_engine(engine, error);
    if (status != MGEO_OK) return status;
    if (slot < MGEO_BLUE || slot > MGEO_STANDBY) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "slot is %d: not an mgeo_slot", (int)slot);
    }
    if (answer == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "%s is NULL", what);
    return MGEO_OK;
}

mgeo_status mgeo_get_info(mgeo_engine *engine, int32_t slot, mgeo_model_info *info,
                          mgeo_error *error) {
    mgeo_model_info known = {.struct_size = sizeof known};
    mgeo_status status = check_query(engine, slot, info, "info", error);
    if (status == MGEO_OK) status = mgi_abi_check(info, "mgeo_model_info", error);
    if (status == MGEO_OK) status = mgi_query_info(engine, slot, &known, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(info, &known, sizeof known, "mgeo_model_info", error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_unused_tensor(mgeo_engine *engine, int32_t slot, uint64_t index, char *name,
                                   size_t capacity, mgeo_error *error) {
    mgeo_status status = check_query(engine, slot, name, "name", error);
    if (status == MGEO_OK && capacity == 0) {
        status = mgi_fail(error, MGEO_E_ARGUMENT, "capacity is 0: a name needs a byte at least");
    }
    if (status == MGEO_OK) {
        status = mgi_query_unused_tensor(engine, slot, index, name, capacity, error);
    }
    return mgi_check_conclude(status, error);
}

mgeo_status mgeo_get_stats(mgeo_engine *engine, int32_t slot, mgeo_stats *stats,
                           mgeo_error *error) {
    mgeo_stats known = {.struct_size = sizeof known};
    mgeo_status status = check_query(engine, slot, stats, "stats", error);
    if (status == MGEO_OK) status = mgi_abi_check(stats, "mgeo_stats", error);
    if (status == MGEO_OK) status = mgi_query_stats(engine, slot, &known, error);
    if (status == MGEO_OK) {
        status = mgi_abi_write(stats, &known, sizeof known, "mgeo_stats", error);
    }
    return mgi_check_conclude(status, error);
}
