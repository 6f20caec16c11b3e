/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: one model, leased for many calls. */
#include "engine/job.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "engine/engine.h"
#include "engine/lease.h"
#include "engine/rollout/canary.h"
#include "engine/state.h"

struct mgeo_job {
    mgeo_engine *engine;
    mgi_pin pin;
    const mgi_slot_model *model; /* stays as it is while pinned */
    bool live;                   /* when the job began */
};

static uint32_t bucket_of_job(const mgeo_job_options *options) {
    return options->route_key != 0 ? mgi_canary_bucket_of_key(options->route_key)
                                   : MGI_SLOTS_SHARE_ALL;
}

/* The mutex is held, so nothing turns between the choice and the hold. */
static mgeo_status job_choose(mgeo_engine *engine, const mgeo_job_options *options, int32_t *slot,
                              mgeo_error *error) {
    int32_t live = mgi_slots_live(&engine->slots);
    if (live < 0) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is loaded: call mgeo_load first");
    }
    bool canary = bucket_of_job(options) < mgi_slots_share(&engine->slots);
    *slot = options->standby != 0 || canary ? mgi_slots_other(live) : live;
    if (engine->slot_models[*slot].runner == NULL || (*slot != live && engine->draining)) {
        return mgi_fail(error, MGEO_E_NO_MODEL, "no model is on standby: load one first");
    }
    return MGEO_OK;
}

mgeo_status mgi_job_begin(mgeo_engine *engine, const mgeo_job_options *options, mgeo_job **job,
                          mgeo_error *error) {
    mgeo_job *made = mgi_calloc(1, sizeof *made);
    if (made == NULL) return mgi_fail_memory(error, "a job", sizeof *made);
    int32_t slot = -1;
    made->engine = engine;
    mgi_lock_acquire(&engine->mutex);
    mgeo_status status = job_choose(engine, options, &slot, error);
    if (status == MGEO_OK) {
        made->pin = mgi_lease_take(engine, slot);
        made->model = &engine->slot_models[slot];
        made->live = mgi_slots_live(&engine->slots) == slot;
        engine->counts.jobs++;
    }
    mgi_lock_release(&engine->mutex);
    if (status == MGEO_OK) {
        *job = made;
    } else {
        mgi_free(made);
    }
    return status;
}

mgeo_engine *mgi_job_engine(const mgeo_job *job) { return job->engine; }

mgeo_status mgi_job_score(mgeo_job *job, const mgeo_pair *pairs, size_t count, mgeo_scores *scores,
                          mgeo_error *error) {
    scores->generation = job->model->info.generation;
    return mgi_runner_score(job->model->runner, mgi_clock_now(), pairs, count, scores, error);
}

void mgi_job_info(const mgeo_job *job, mgeo_model_info *info) {
    mgi_slot_model_describe(job->model, job->live, info);
}

void mgi_job_end(mgeo_job *job) {
    if (job == NULL || mgi_engine_is_forked(job->engine)) return;
    mgi_lock_acquire(&job->engine->mutex);
    job->engine->counts.jobs--;
    mgi_lock_release(&job->engine->mutex);
    mgi_lease_return(job->engine, job->pin);
    mgi_free(job);
}
