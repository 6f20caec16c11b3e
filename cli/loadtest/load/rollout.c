/* SPDX-License-Identifier: Apache-2.0 */
/* Loading, turning, and the answers that each model gave when it was alone. */
#include "loadtest/load/rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/message.h"

static const double LEAST_TOLERANCE = 1e-4;

int rollout_model_of(const struct rollout *rollout, uint64_t generation) {
    if (generation >= ROLLOUT_GENERATIONS) return -1;
    return (int)atomic_load_explicit(&rollout->of_generation[generation], memory_order_acquire) - 1;
}

/* The generation is told before the load: calls may meet it before the load has returned here. */
static void announce(struct rollout *rollout, uint64_t generation, size_t model) {
    if (generation < ROLLOUT_GENERATIONS)
        atomic_store_explicit(&rollout->of_generation[generation], (unsigned char)(model + 1),
                              memory_order_release);
}

static mgeo_status load(struct rollout *rollout, size_t model, mgeo_progress *progress,
                        mgeo_model_info *info, mgeo_error *error) {
    const struct plan *plan = rollout->plan;
    int32_t precision = plan->precision;
    if (model == 1 && plan->standby_precision != 0) precision = plan->standby_precision;
    bool elsewhere = model == 1 && plan->standby_device != NULL;
    mgeo_load_options wanted = {.struct_size = sizeof wanted,
                                .device = elsewhere ? plan->standby_device : plan->device,
                                .precision = precision,
                                .max_length = plan->max_length,
                                .threads = plan->threads,
                                .batch_tokens = plan->batch_tokens,
                                .progress = progress,
                                .reason = "mgeo-bench",
                                .allow_tf32 = plan->tf32 && precision == plan->precision};
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    announce(rollout, rollout->loads + 1, model);
    mgeo_status status = mgeo_load(rollout->engine, rollout->path[model], &wanted, info, error);
    if (status == MGEO_OK) rollout->loads++;
    return status;
}

static int model_in(struct rollout *rollout, int32_t slot) {
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_get_info(rollout->engine, slot, &info, NULL) != MGEO_OK) return -1;
    return rollout_model_of(rollout, info.generation);
}

mgeo_status rollout_load(struct rollout *rollout, mgeo_progress *progress, uint64_t *generation,
                         mgeo_error *error) {
    mgeo_model_info info;
    size_t model = model_in(rollout, MGEO_LIVE) == 0 ? 1 : 0;
    mgeo_status status = load(rollout, model, progress, &info, error);
    *generation = status == MGEO_OK ? info.generation : 0;
    return status;
}

mgeo_status rollout_swap(struct rollout *rollout, mgeo_progress *progress,
                         mgeo_swap_receipt *receipt, mgeo_error *error) {
    mgeo_gate gate = rollout->gate;
    gate.progress = progress;
    mgeo_swap_options options = {.struct_size = sizeof options,
                                 .gate = rollout->plan->gate != NULL ? &gate : NULL,
                                 .reason = "mgeo-bench"};
    receipt->struct_size = sizeof *receipt;
    return mgeo_swap_model(rollout->engine, &options, receipt, error);
}

static bool engine_fault(mgeo_status status, const char *what, const mgeo_error *error,
                         struct fault *fault) {
    if (status == MGEO_E_CANCELLED) return fault_set(fault, "%s", "");
    return fault_set(fault, "%s: %s", what, error->message);
}

static bool load_first(struct rollout *rollout, size_t model, mgeo_progress *loading,
                       struct fault *fault) {
    mgeo_error error;
    mgeo_model_info *info = &rollout->info[model];
    mgeo_status status = load(rollout, model, loading, info, &error);
    if (status != MGEO_OK)
        return engine_fault(status,
                            model == 0 ? "cannot load the model" : "cannot load the standby model",
                            &error, fault);
    if (info->warning[0] != '\0' && !rollout->plan->quiet) notice("warning: %s", info->warning);
    memset(loading, 0, sizeof *loading);
    return true;
}

/* The pairs in calls of `per_call`. */
static mgeo_status ask(mgeo_job *job, const struct pairset *pairs, size_t per_call, float *to,
                       mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; i < pairs->count && status == MGEO_OK; i += per_call) {
        size_t count = pairs->count - i < per_call ? pairs->count - i : per_call;
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = to + i};
        status = mgeo_job_score(job, pairs->pairs + i, count, &scores, error);
    }
    return status;
}

static double largest_difference(const float *one, const float *other, size_t count) {
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)one[i] - (double)other[i]);
        if (difference > largest) largest = difference; /* NaN is none */
    }
    return largest;
}

/* A pair's answer changes a little with the pairs beside it: asked in three company sizes, the
 * largest difference tells what is still the same answer. */
static mgeo_status ask_thrice(mgeo_job *job, const struct pairset *pairs, struct answers *answers,
                              mgeo_error *error) {
    static const size_t company[] = {1, 5, 64};
    float *again = must_resize(NULL, pairs->count, sizeof *again);
    answers->tolerance = LEAST_TOLERANCE;
    mgeo_status status = ask(job, pairs, 16, answers->similarity, error);
    for (size_t i = 0; i < sizeof company / sizeof *company && status == MGEO_OK; i++) {
        status = ask(job, pairs, company[i], again, error);
        if (status != MGEO_OK) break;
        double seen = 4 * largest_difference(answers->similarity, again, pairs->count);
        if (seen > answers->tolerance) answers->tolerance = seen;
    }
    free(again);
    return status;
}

static bool learn(struct rollout *rollout, size_t model, struct fault *fault) {
    const struct pairset *pairs = rollout->pairs;
    struct answers *answers = &rollout->answers[model];
    size_t whole = pairs->count + pairs->further;
    answers->similarity = must_resize(NULL, whole, sizeof *answers->similarity);
    mgeo_job_options options = {.struct_size = sizeof options, .standby = model == 1};
    mgeo_job *job = NULL;
    mgeo_error error;
    mgeo_status status = mgeo_job_begin(rollout->engine, &options, &job, &error);
    if (status == MGEO_OK) status = ask_thrice(job, pairs, answers, &error);
    mgeo_job_end(job);
    if (status != MGEO_OK)
        return engine_fault(status, "cannot note the expected answers", &error, fault);
    for (size_t i = pairs->count; i < whole; i++)
        answers->similarity[i] = answers->similarity[i - pairs->count];
    return true;
}

/* Whether an answer is as expected; no score is expected where there was none. */
static bool is_right(const struct answers *answers, size_t place, float similarity) {
    float expected = answers->similarity[place];
    if (isnan(expected) || isnan(similarity)) return isnan(expected) && isnan(similarity);
    return fabs((double)expected - (double)similarity) <= answers->tolerance;
}

static void count_telling(struct rollout *rollout) {
    const struct answers *one = &rollout->answers[0], *other = &rollout->answers[1];
    for (size_t i = 0; i < rollout->pairs->count; i++) {
        double difference = fabs((double)one->similarity[i] - (double)other->similarity[i]);
        rollout->telling += difference > one->tolerance + other->tolerance;
    }
}

enum verdict rollout_verify(const struct rollout *rollout, uint64_t generation, size_t first,
                            const float *similarity, size_t count) {
    int model = rollout_model_of(rollout, generation);
    if (model < 0) return VERDICT_WRONG;
    const struct answers *own = &rollout->answers[model], *other = &rollout->answers[1 - model];
    enum verdict verdict = VERDICT_RIGHT;
    for (size_t i = 0; i < count; i++) {
        if (is_right(own, first + i, similarity[i])) continue;
        if (rollout->models == 2 && is_right(other, first + i, similarity[i])) return VERDICT_MIXED;
        verdict = VERDICT_WRONG;
    }
    return verdict;
}

static bool prepare_gate(struct rollout *rollout, struct fault *fault) {
    const struct plan *plan = rollout->plan;
    if (plan->gate == NULL) return true;
    struct pairset *pairs = &rollout->gate_pairs;
    if (!pairset_read(pairs, plan->gate, &plan->table, fault)) return false;
    rollout->gate = (mgeo_gate){.struct_size = sizeof rollout->gate,
                                .pairs = pairs->pairs,
                                .count = pairs->count,
                                .gold = plan->table.gold != NULL ? pairs->gold : NULL,
                                .max_shift = plan->limits[LIMIT_SHIFT],
                                .max_shift_mean = plan->limits[LIMIT_SHIFT_MEAN],
                                .max_shift_p99 = plan->limits[LIMIT_SHIFT_P99],
                                .max_flip_share = plan->limits[LIMIT_FLIP_SHARE],
                                .max_accuracy_loss = plan->limits[LIMIT_ACCURACY_LOSS],
                                .max_macro_f1_loss = plan->limits[LIMIT_MACRO_F1_LOSS],
                                .max_latency_ratio = plan->limits[LIMIT_LATENCY_RATIO],
                                .max_psi = plan->limits[LIMIT_PSI]};
    return true;
}

bool rollout_open(struct rollout *rollout, const struct plan *plan, const struct pairset *pairs,
                  mgeo_progress *loading, struct fault *fault) {
    memset(rollout, 0, sizeof *rollout);
    rollout->plan = plan;
    rollout->pairs = pairs;
    rollout->models = plan_has_events(plan) ? 2 : 1;
    rollout->path[0] = plan->model;
    rollout->path[1] = plan->standby != NULL ? plan->standby : plan->model;
    rollout->of_generation = must_resize(NULL, ROLLOUT_GENERATIONS, 1);
    memset((void *)rollout->of_generation, 0, ROLLOUT_GENERATIONS);
    if (!prepare_gate(rollout, fault)) return false;
    mgeo_error error;
    mgeo_engine_options options = {.struct_size = sizeof options};
    if (mgeo_engine_create(&options, &rollout->engine, &error) != MGEO_OK)
        return fault_set(fault, "cannot start the engine: %s", error.message);
    for (size_t i = 0; i < rollout->models; i++) {
        if (!load_first(rollout, i, loading, fault)) return false;
        if (plan->verify && !learn(rollout, i, fault)) return false;
    }
    if (plan->verify && rollout->models == 2) count_telling(rollout);
    return true;
}

void rollout_close(struct rollout *rollout) {
    mgeo_engine_destroy(rollout->engine);
    pairset_finish(&rollout->gate_pairs);
    for (int i = 0; i < ROLLOUT_MODELS; i++) free(rollout->answers[i].similarity);
    free((void *)rollout->of_generation);
    memset(rollout, 0, sizeof *rollout);
}
