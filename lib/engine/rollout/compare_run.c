/* SPDX-License-Identifier: Apache-2.0 */
/* Both models on the same pairs, a few at a time in turn, so that what the machine does meanwhile
 * meets both alike. */
#include "core/progress.h"
#include "engine/rollout/compare_internal.h"

#include <math.h>
#include <stdlib.h>

static size_t chunk_size(const mgi_compare_state *comparison, size_t call) {
    size_t left = comparison->options->count - call * comparison->chunk;
    return left < comparison->chunk ? left : comparison->chunk;
}

static mgeo_status side_answer(const mgi_compare_state *comparison, mgi_compare_side *side,
                               size_t call, mgeo_error *error) {
    size_t first = call * comparison->chunk;
    mgeo_scores scores = {.struct_size = sizeof scores,
                          .similarity = side->similarity + first,
                          .label = side->label + first,
                          .flags = side->flags + first,
                          .progress = comparison->options->progress};
    mgeo_status status = mgi_side_scorer_score(side->scorer, comparison->options->pairs + first,
                                               chunk_size(comparison, call), &scores, error);
    side->call_seconds[call] = mgi_side_scorer_seconds(side->scorer);
    return status;
}

/* The first batches are slower: they find memory, and their time is not kept. */
static mgeo_status sides_warm_up(mgi_compare_state *comparison, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    for (int i = 0; i < MGI_COMPARE_SIDES && status == MGEO_OK; i++) {
        mgi_compare_side *side = &comparison->sides[i];
        status = mgi_side_scorer_create(side->model->runner, &side->scorer, error);
        if (status == MGEO_OK) status = side_answer(comparison, side, 0, error);
    }
    return status;
}

static mgeo_status sides_answer(mgi_compare_state *comparison, size_t call, mgeo_error *error) {
    mgeo_status status = MGEO_OK;
    for (size_t i = 0; i < MGI_COMPARE_SIDES && status == MGEO_OK; i++) {
        mgi_compare_side *side =
            &comparison->sides[(call + i) % MGI_COMPARE_SIDES]; /* they take turns in going first */
        status = side_answer(comparison, side, call, error);
        side->seconds += side->call_seconds[call];
    }
    mgi_progress_add(comparison->options->progress, chunk_size(comparison, call));
    return status;
}

/* ---- times ----------------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* By the nearest rank, of calls in order. */
static double call_quantile(const mgi_compare_side *side, size_t calls, double q) {
    size_t rank = (size_t)ceil(q * (double)calls);
    return side->call_seconds[rank > 0 ? rank - 1 : 0];
}

static void report_times(mgi_compare_state *comparison) {
    mgeo_compare_report *report = comparison->report;
    mgi_compare_side *live = &comparison->sides[MGI_COMPARE_LIVE];
    mgi_compare_side *standby = &comparison->sides[MGI_COMPARE_STANDBY];
    size_t full = comparison->options->count / comparison->chunk; /* a short last call is no call */
    size_t calls = full > 0 ? full : 1;
    qsort(live->call_seconds, calls, sizeof *live->call_seconds, by_value);
    qsort(standby->call_seconds, calls, sizeof *standby->call_seconds, by_value);
    report->live_seconds = live->seconds / (double)comparison->options->count;
    report->standby_seconds = standby->seconds / (double)comparison->options->count;
    report->live_call_p50 = call_quantile(live, calls, 0.5);
    report->live_call_p99 = call_quantile(live, calls, 0.99);
    report->standby_call_p50 = call_quantile(standby, calls, 0.5);
    report->standby_call_p99 = call_quantile(standby, calls, 0.99);
    report->latency_ratio =
        report->live_call_p50 > 0 ? report->standby_call_p50 / report->live_call_p50 : NAN;
}

mgeo_status mgi_compare_run(mgi_compare_state *comparison, mgeo_error *error) {
    const mgeo_compare_options *options = comparison->options;
    mgi_progress_stage(options->progress, MGEO_STAGE_SCORING, options->count);
    mgeo_status status = sides_warm_up(comparison, error);
    for (size_t call = 0; call < comparison->calls && status == MGEO_OK; call++) {
        status = sides_answer(comparison, call, error);
    }
    if (status == MGEO_OK) status = mgi_progress_check(options->progress, error);
    if (status == MGEO_OK) report_times(comparison);
    return status;
}
