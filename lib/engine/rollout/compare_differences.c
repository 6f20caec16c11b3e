/* SPDX-License-Identifier: Apache-2.0 */
/* The similarities of two models: how far they lie apart, and where farthest. */
#include "engine/rollout/compare_internal.h"
#include "stats/snapshot.h"

#include <math.h>
#include <stdlib.h>

static double shift_at(const mgi_compare_state *comparison, size_t index) {
    return (double)comparison->sides[MGI_COMPARE_STANDBY].similarity[index] -
           (double)comparison->sides[MGI_COMPARE_LIVE].similarity[index];
}

/* ---- who scored what ------------------------------------------------------------------------- */

static void count_pairs(mgi_compare_state *comparison) {
    mgeo_compare_report *report = comparison->report;
    const mgi_compare_side *live = &comparison->sides[MGI_COMPARE_LIVE];
    const mgi_compare_side *standby = &comparison->sides[MGI_COMPARE_STANDBY];
    for (size_t i = 0; i < comparison->options->count; i++) {
        bool by_live = mgi_compare_side_scored(live, i),
             by_standby = mgi_compare_side_scored(standby, i);
        report->lost += by_live && !by_standby;
        report->gained += !by_live && by_standby;
        report->live_not_finite += (live->flags[i] & MGEO_ROW_NOT_FINITE) != 0;
        report->standby_not_finite += (standby->flags[i] & MGEO_ROW_NOT_FINITE) != 0;
        if (!by_live || !by_standby) continue;
        comparison->differences[report->pairs++] =
            (mgi_compare_difference){.size = fabs(shift_at(comparison, i)), .index = i};
    }
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* The largest first; of equal ones, the first. */
static int by_size(const void *left, const void *right) {
    const mgi_compare_difference *a = left, *b = right;
    if (a->size != b->size) return a->size < b->size ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

/* By the nearest rank; NaN: there are none. */
static double size_quantile(const mgi_compare_state *comparison, double q) {
    size_t pairs = comparison->report->pairs;
    if (pairs == 0) return NAN;
    size_t rank = (size_t)ceil(q * (double)pairs);
    return comparison->differences[pairs - (rank > 0 ? rank : 1)].size;
}

static void report_sizes(mgi_compare_state *comparison) {
    mgeo_compare_report *report = comparison->report;
    double sizes = 0, shifts = 0;
    for (size_t i = 0; i < report->pairs; i++) {
        sizes += comparison->differences[i].size;
        shifts += shift_at(comparison, comparison->differences[i].index);
    }
    report->shift_mean = report->pairs > 0 ? sizes / (double)report->pairs : NAN;
    report->shift_signed_mean = report->pairs > 0 ? shifts / (double)report->pairs : NAN;
    report->shift_p50 = size_quantile(comparison, 0.5);
    report->shift_p99 = size_quantile(comparison, 0.99);
    report->shift_max = size_quantile(comparison, 1.0);
}

/* Pairs on which the models agree in every bit are not among the worst, however few others there
 * are. */
static void report_worst(mgi_compare_state *comparison) {
    mgeo_compare_report *report = comparison->report;
    const mgi_compare_side *live = &comparison->sides[MGI_COMPARE_LIVE];
    const mgi_compare_side *standby = &comparison->sides[MGI_COMPARE_STANDBY];
    size_t capacity = report->worst != NULL ? report->worst_capacity : 0;
    for (size_t i = 0; i < report->pairs && report->worst_count < capacity; i++) {
        size_t index = comparison->differences[i].index;
        int32_t live_label = live->label[index], standby_label = standby->label[index];
        if (comparison->differences[i].size == 0 &&
            mgi_compare_same_label(&live->model->info, live_label, &standby->model->info,
                                   standby_label)) {
            continue;
        }
        report->worst[report->worst_count++] = (mgeo_shift){.index = index,
                                                            .live = live->similarity[index],
                                                            .standby = standby->similarity[index],
                                                            .live_label = live_label,
                                                            .standby_label = standby_label};
    }
}

/* ---- the distribution ------------------------------------------------------------------------ */

static void report_stability(mgi_compare_state *comparison) {
    uint64_t bins[MGI_COMPARE_SIDES][MGI_DRIFT_BINS] = {0};
    for (size_t i = 0; i < comparison->report->pairs; i++) {
        size_t index = comparison->differences[i].index;
        for (int side = 0; side < MGI_COMPARE_SIDES; side++) {
            bins[side][mgi_drift_bin(comparison->sides[side].similarity[index])]++;
        }
    }
    comparison->report->psi = mgi_drift_index(bins[MGI_COMPARE_LIVE], bins[MGI_COMPARE_STANDBY]);
}

void mgi_compare_differences(mgi_compare_state *comparison) {
    count_pairs(comparison);
    qsort(comparison->differences, comparison->report->pairs, sizeof *comparison->differences,
          by_size);
    report_sizes(comparison);
    report_worst(comparison);
    report_stability(comparison);
}
