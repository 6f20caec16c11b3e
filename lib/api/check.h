/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the public functions share: the checks that every call begins with. */
#ifndef MGI_API_CHECK_H
#define MGI_API_CHECK_H

#include "api/abi.h"
#include "engine/engine.h"
#include "engine/rollout/roll_back.h"
#include "engine/rollout/swap.h"
#include "journal/journal.h"

static inline mgeo_status mgi_check_engine(const mgeo_engine *engine, mgeo_error *error) {
    if (engine == NULL) return mgi_fail(error, MGEO_E_ARGUMENT, "engine is NULL");
    if (mgi_engine_is_forked(engine)) {
        return mgi_fail(error, MGEO_E_FORKED,
                        "the engine was created by the parent process: create one after fork()");
    }
    return MGEO_OK;
}

static inline mgeo_status mgi_check_conclude(mgeo_status status, mgeo_error *error) {
    return status == MGEO_OK ? mgi_succeed(error) : status;
}

/* The checks of pairs and of the caller's arrays: in api.c. */
mgeo_status mgi_check_pairs(const mgeo_pair *pairs, size_t count, mgeo_error *error);
mgeo_status mgi_check_read_scores(mgeo_scores *known, const mgeo_scores *scores, size_t count,
                                  mgeo_error *error);
void mgi_check_clear_outputs(mgeo_scores *known);
mgeo_status mgi_check_read_load_options(mgeo_load_options *known, const mgeo_load_options *options,
                                        mgeo_error *error);

#endif
