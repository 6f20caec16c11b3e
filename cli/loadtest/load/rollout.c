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

/* The generation is recorded before the load: calls may meet it before the load has returned. */
static void record_generation(struct rollout *rollout, uint64_t generation, size_t model) {
    if (generation < ROLLOUT_GENERATIONS) {
        atomic_store_explicit(&rollout->of_generation[generation], (unsigned char)(model + 1),
                              memory_order_release);
    }
}

static mgeo_status load(struct rollout *rollout, size_t model, mgeo_progress *progress,
                        mgeo_model_info *info, mgeo_error *cause) {
    const struct options *options = rollout->options;
    int32_t precision = options->precision;
    if (model == 1 && options->standby_precision != 0) precision = options->standby_precision;
    bool elsewhere = model == 1 && options->standby_device != NULL;
    mgeo_load_options wanted = {.struct_size = sizeof wanted,
                                .device = elsewhere ? options->standby_device : options->device,
                                .precision = precision,
                                .max_length = options->max_length,
                                .threads = options->threads,
                                .batch_tokens = options->batch_tokens,
                                .progress = progress,
                                .reason = "mgeo-bench",
                                .allow_tf32 = options->tf32 && precision == options->precision};
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    record_generation(rollout, rollout->loads + 1, model);
    mgeo_status status = mgeo_load(rollout->engine, rollout->path[model], &wanted, info, cause);
    if (status == MGEO_OK) rollout->loads++;
    return status;
}

static int model_in(struct rollout *rollout, int32_t slot) {
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_get_info(rollout->engine, slot, &info, NULL) != MGEO_OK) return -1;
    return rollout_model_of(rollout, info.generation);
}

mgeo_status rollout_load(struct rollout *rollout, mgeo_progress *progress, uint64_t *generation,
                         mgeo_error *cause) {
    mgeo_model_info info;
    size_t model = model_in(rollout, MGEO_LIVE) == 0 ? 1 : 0;
    mgeo_status status = load(rollout, model, progress, &info, cause);
    *generation = status == MGEO_OK ? info.generation : 0;
    return status;
}

mgeo_status rollout_swap(struct rollout *rollout, mgeo_progress *progress,
                         mgeo_swap_receipt *receipt, mgeo_error *cause) {
    mgeo_gate gate = rollout->gate;
    gate.progress = progress;
    mgeo_swap_options wanted = {.struct_size = sizeof wanted,
                                .gate = rollout->options->gate != NULL ? &gate : NULL,
                                .reason = "mgeo-bench"};
    receipt->struct_size = sizeof *receipt;
    return mgeo_swap_model(rollout->engine, &wanted, receipt, cause);
}

static bool engine_error(mgeo_status status, const char *what, const mgeo_error *cause,
                         struct error *error) {
    if (status == MGEO_E_CANCELLED) return error_set(error, "%s", "");
    return error_set(error, "%s: %s", what, cause->message);
}

static bool load_first(struct rollout *rollout, size_t model, mgeo_progress *loading,
                       struct error *error) {
    mgeo_error cause;
    mgeo_model_info *info = &rollout->info[model];
    mgeo_status status = load(rollout, model, loading, info, &cause);
    if (status != MGEO_OK) {
        return engine_error(status,
                            model == 0 ? "cannot load the model" : "cannot load the standby model",
                            &cause, error);
    }
    if (info->warning[0] != '\0' && !rollout->options->quiet) {
        message_print("warning: %s", info->warning);
    }
    memset(loading, 0, sizeof *loading);
    return true;
}

/* The pairs in calls of `per_call`. */
static mgeo_status score_all(mgeo_job *job, const struct pair_set *pairs, size_t per_call,
                             float *to, mgeo_error *cause) {
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; i < pairs->count && status == MGEO_OK; i += per_call) {
        size_t count = pairs->count - i < per_call ? pairs->count - i : per_call;
        mgeo_scores scores = {.struct_size = sizeof scores, .similarity = to + i};
        status = mgeo_job_score(job, pairs->pairs + i, count, &scores, cause);
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

/* A pair's score changes a little with the batch it is in: scored in batches of four sizes, the
 * largest difference says what is still the same score. */
static mgeo_status record_scores(mgeo_job *job, const struct pair_set *pairs,
                                 struct rollout_answers *answers, mgeo_error *cause) {
    static const size_t sizes[] = {1, 5, 64};
    float *again = memory_resize(NULL, pairs->count, sizeof *again);
    answers->tolerance = LEAST_TOLERANCE;
    mgeo_status status = score_all(job, pairs, 16, answers->similarity, cause);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && status == MGEO_OK; i++) {
        status = score_all(job, pairs, sizes[i], again, cause);
        if (status != MGEO_OK) break;
        double seen = 4 * largest_difference(answers->similarity, again, pairs->count);
        if (seen > answers->tolerance) answers->tolerance = seen;
    }
    free(again);
    return status;
}

static bool record_expected(struct rollout *rollout, size_t model, struct error *error) {
    const struct pair_set *pairs = rollout->pairs;
    struct rollout_answers *answers = &rollout->answers[model];
    size_t whole = pairs->count + pairs->further;
    answers->similarity = memory_resize(NULL, whole, sizeof *answers->similarity);
    mgeo_job_options wanted = {.struct_size = sizeof wanted, .standby = model == 1};
    mgeo_job *job = NULL;
    mgeo_error cause;
    mgeo_status status = mgeo_job_begin(rollout->engine, &wanted, &job, &cause);
    if (status == MGEO_OK) status = record_scores(job, pairs, answers, &cause);
    mgeo_job_end(job);
    if (status != MGEO_OK) {
        return engine_error(status, "cannot note the expected answers", &cause, error);
    }
    for (size_t i = pairs->count; i < whole; i++) {
        answers->similarity[i] = answers->similarity[i - pairs->count];
    }
    return true;
}

/* Whether an answer is as expected; no score is expected where there was none. */
static bool is_right(const struct rollout_answers *answers, size_t place, float similarity) {
    float expected = answers->similarity[place];
    if (isnan(expected) || isnan(similarity)) return isnan(expected) && isnan(similarity);
    return fabs((double)expected - (double)similarity) <= answers->tolerance;
}

static void count_distinguishing_pairs(struct rollout *rollout) {
    const struct rollout_answers *one = &rollout->answers[0], *other = &rollout->answers[1];
    for (size_t i = 0; i < rollout->pairs->count; i++) {
        double difference = fabs((double)one->similarity[i] - (double)other->similarity[i]);
        rollout->distinguishing_pairs += difference > one->tolerance + other->tolerance;
    }
}

enum rollout_verdict rollout_verify(const struct rollout *rollout, uint64_t generation,
                                    size_t first, const float *similarity, size_t count) {
    int model = rollout_model_of(rollout, generation);
    if (model < 0) return ROLLOUT_WRONG;
    const struct rollout_answers *own = &rollout->answers[model],
                                 *other = &rollout->answers[1 - model];
    enum rollout_verdict verdict = ROLLOUT_RIGHT;
    for (size_t i = 0; i < count; i++) {
        if (is_right(own, first + i, similarity[i])) continue;
        if (rollout->models == 2 && is_right(other, first + i, similarity[i])) return ROLLOUT_MIXED;
        verdict = ROLLOUT_WRONG;
    }
    return verdict;
}

static bool prepare_gate(struct rollout *rollout, struct error *error) {
    const struct options *options = rollout->options;
    if (options->gate == NULL) return true;
    struct pair_set *pairs = &rollout->gate_pairs;
    if (!pair_set_read(pairs, options->gate, &options->table, error)) return false;
    rollout->gate = (mgeo_gate){.struct_size = sizeof rollout->gate,
                                .pairs = pairs->pairs,
                                .count = pairs->count,
                                .gold = options->table.gold != NULL ? pairs->gold : NULL,
                                .max_shift = options->limits[OPTIONS_LIMIT_SHIFT],
                                .max_shift_mean = options->limits[OPTIONS_LIMIT_SHIFT_MEAN],
                                .max_shift_p99 = options->limits[OPTIONS_LIMIT_SHIFT_P99],
                                .max_flip_share = options->limits[OPTIONS_LIMIT_FLIP_SHARE],
                                .max_accuracy_loss = options->limits[OPTIONS_LIMIT_ACCURACY_LOSS],
                                .max_macro_f1_loss = options->limits[OPTIONS_LIMIT_MACRO_F1_LOSS],
                                .max_latency_ratio = options->limits[OPTIONS_LIMIT_LATENCY_RATIO],
                                .max_psi = options->limits[OPTIONS_LIMIT_PSI]};
    return true;
}

bool rollout_open(struct rollout *rollout, const struct options *options,
                  const struct pair_set *pairs, mgeo_progress *loading, struct error *error) {
    memset(rollout, 0, sizeof *rollout);
    rollout->options = options;
    rollout->pairs = pairs;
    rollout->models = options_have_events(options) ? 2 : 1;
    rollout->path[0] = options->model;
    rollout->path[1] = options->standby != NULL ? options->standby : options->model;
    rollout->of_generation = memory_resize(NULL, ROLLOUT_GENERATIONS, 1);
    memset((void *)rollout->of_generation, 0, ROLLOUT_GENERATIONS);
    if (!prepare_gate(rollout, error)) return false;
    mgeo_error cause;
    mgeo_engine_options wanted = {.struct_size = sizeof wanted};
    if (mgeo_engine_create(&wanted, &rollout->engine, &cause) != MGEO_OK) {
        return error_set(error, "cannot start the engine: %s", cause.message);
    }
    for (size_t i = 0; i < rollout->models; i++) {
        if (!load_first(rollout, i, loading, error)) return false;
        if (options->verify && !record_expected(rollout, i, error)) return false;
    }
    if (options->verify && rollout->models == 2) count_distinguishing_pairs(rollout);
    return true;
}

void rollout_close(struct rollout *rollout) {
    mgeo_engine_destroy(rollout->engine);
    pair_set_finish(&rollout->gate_pairs);
    for (int i = 0; i < ROLLOUT_MODELS; i++) free(rollout->answers[i].similarity);
    free((void *)rollout->of_generation);
    memset(rollout, 0, sizeof *rollout);
}
