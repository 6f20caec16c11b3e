/* SPDX-License-Identifier: Apache-2.0 */
/* Callers of the rollout stress test: every answer is checked against the model that gave it. */
#define _GNU_SOURCE
#include "engine/rollout/canary.h"
#include "rollout_stress.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* What a call asks, and what it got. */
typedef struct stress_call {
    size_t first, count;
    float similarity[MAX_CALL_PAIRS];
    int32_t label[MAX_CALL_PAIRS];
    uint32_t flags[MAX_CALL_PAIRS];
    mgeo_scores scores;
} stress_call;

/* ---- answers --------------------------------------------------------------------------------- */

static bool fits(const stress_call *call, uint32_t variant) {
    const float *expected = &models.expected[variant][call->first];
    return call->scores.label_count == models.labels[variant] &&
           memcmp(call->similarity, expected, call->count * sizeof *expected) == 0;
}

/* A generation whose load has not returned yet is known by its first answer; its loader and all
 * later answers must agree. */
static void learn_variant(const stress_call *call) {
    for (uint32_t variant = 0; variant < VARIANTS; variant++) {
        if (!fits(call, variant)) continue;
        stress_settle_variant(call->scores.generation, variant);
        return;
    }
    stress_violation("generation %" PRIu64 " answers as no model does", call->scores.generation);
}

static void check_call(const stress_call *call) {
    uint64_t generation = call->scores.generation;
    if (generation == 0 || generation >= MAX_GENERATIONS) {
        stress_violation("generation %" PRIu64, generation);
        return;
    }
    int variant = atomic_load(&variant_of[generation]);
    if (variant < 0) {
        learn_variant(call);
    } else if (!fits(call, (uint32_t)variant)) {
        stress_violation("generation %" PRIu64 " is variant %d, but %zu answers from %zu differ",
                         generation, variant, call->count, call->first);
    }
    for (size_t i = 0; i < call->count; i++) {
        if (call->flags[i] != 0) stress_violation("flags %u", call->flags[i]);
    }
    atomic_fetch_add(&calls_of[generation], 1);
    atomic_fetch_add(&calls_in_all, 1);
}

static void draw_call(stress_random *random, stress_call *call) {
    call->count = 1 + stress_draw(random, MAX_CALL_PAIRS);
    if (stress_draw(random, 3) == 0) call->count = 1;
    call->first = stress_draw(random, PAIRS - MAX_CALL_PAIRS);
    call->scores = (mgeo_scores){.struct_size = sizeof call->scores,
                                 .similarity = call->similarity,
                                 .label = stress_draw(random, 2) ? call->label : NULL,
                                 .flags = call->flags,
                                 .route_key = stress_draw(random, 2) ? stress_draw(random, 50) : 0};
}

static void finish_call(const stress_call *call, mgeo_status status, const char *message) {
    if (status == MGEO_OK) {
        check_call(call);
    } else {
        stress_violation("a call failed: %s", message);
    }
}

static void score(stress_call *call) {
    mgeo_error error;
    mgeo_status status =
        mgeo_score(engine, models.pairs + call->first, call->count, &call->scores, &error);
    finish_call(call, status, error.message);
}

/* ---- stickiness ------------------------------------------------------------------------------ */

static uint32_t point_of(const stress_call *call) {
    if (call->scores.route_key != 0) return mgi_canary_bucket_of_key(call->scores.route_key);
    return mgi_canary_bucket_of_pairs(models.pairs + call->first, call->count);
}

/* The same call twice: if nothing turned from before the first to after the second, the slot of
 * the call's point answered both, by the model that is there. */
static void score_twice(stress_random *random) {
    stress_call call;
    draw_call(random, &call);
    uint64_t route = mgi_slots_route(&engine->slots);
    uint32_t share = mgi_slots_share(&engine->slots);
    int32_t live = mgi_slots_live(&engine->slots);
    score(&call);
    uint64_t first = call.scores.generation;
    score(&call);
    mgeo_model_info info = {.struct_size = sizeof info};
    int32_t slot = point_of(&call) < share ? mgi_slots_other(live) : live;
    mgeo_status status = mgeo_get_info(engine, slot, &info, NULL);
    if (mgi_slots_route(&engine->slots) != route) return;
    atomic_fetch_add(&keyed_in_all, 1);
    if (status != MGEO_OK || first != info.generation || call.scores.generation != first) {
        stress_violation("share %u, slot %d with generation %" PRIu64
                         ": calls were answered by %" PRIu64 " and %" PRIu64,
                         share, (int)slot, info.generation, first, call.scores.generation);
    }
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static void pause_briefly(stress_random *random) {
    nanosleep(&(struct timespec){.tv_nsec = 20000L * (1 + (long)stress_draw(random, 20))}, NULL);
}

static void score_in_job(stress_random *random, mgeo_job *job, uint64_t generation) {
    stress_call call;
    mgeo_error error;
    draw_call(random, &call);
    mgeo_status status =
        mgeo_job_score(job, models.pairs + call.first, call.count, &call.scores, &error);
    finish_call(&call, status, error.message);
    if (call.scores.generation != generation) {
        stress_violation("a job began on generation %" PRIu64 ", and %" PRIu64 " answers",
                         generation, call.scores.generation);
    }
}

static void check_job_info(mgeo_job *job, uint64_t *generation) {
    mgeo_model_info info = {.struct_size = sizeof info};
    mgeo_status status = mgeo_job_get_info(job, &info, NULL);
    if (status != MGEO_OK || (*generation != 0 && info.generation != *generation)) {
        stress_violation("a job's model is generation %" PRIu64 ", was %" PRIu64, info.generation,
                         *generation);
    }
    *generation = info.generation;
}

static void run_job(stress_random *random) {
    mgeo_job_options options = {.struct_size = sizeof options,
                                .standby = stress_draw(random, 3) == 0,
                                .route_key = stress_draw(random, 3)};
    mgeo_job *job = NULL;
    mgeo_error error;
    mgeo_status status = mgeo_job_begin(engine, &options, &job, &error);
    bool allowed = status == MGEO_OK || (options.standby != 0 && status == MGEO_E_NO_MODEL);
    if (!allowed) stress_violation("a job cannot begin: %s", error.message);
    if (status != MGEO_OK) return;
    uint64_t generation = 0;
    check_job_info(job, &generation);
    for (uint32_t i = stress_draw(random, 6); i > 0; i--) {
        score_in_job(random, job, generation);
        pause_briefly(random);
    }
    check_job_info(job, &generation);
    mgeo_job_end(job);
    atomic_fetch_add(&jobs_in_all, 1);
}

/* ---- all ------------------------------------------------------------------------------------- */

void *stress_caller(void *argument) {
    stress_random *random = argument;
    while (!atomic_load(&callers_over)) {
        stress_call call;
        switch (stress_draw(random, 20)) {
        case 0: run_job(random); break;
        case 1:
        case 2:
        case 3: score_twice(random); break;
        default:
            draw_call(random, &call);
            score(&call);
            break;
        }
        /* Leaves loads, which are nice, some of two processors. */
        if (stress_draw(random, 4) != 0) pause_briefly(random);
    }
    return NULL;
}
