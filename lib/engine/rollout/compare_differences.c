/* The similarities of two models: how far they lie apart, and where farthest. */
#include "engine/rollout/compare_internal.h"
#include "stats/snapshot.h"

#include <math.h>
#include <stdlib.h>

static double mgi_shift_at(const mgi_comparison *comparison, size_t index) {
    return (double)comparison->sides[MGI_STANDBY_SIDE].similarity[index] -
           (double)comparison->sides[MGI_LIVE_SIDE].similarity[index];
}

/* ---- who scored what ------------------------------------------------------------------------- */

static void mgi_count_pairs(mgi_comparison *comparison) {
    mgeo_compare_report *report = comparison->report;
    const mgi_side *live = &comparison->sides[MGI_LIVE_SIDE];
    const mgi_side *standby = &comparison->sides[MGI_STANDBY_SIDE];
    for (size_t i = 0; i < comparison->options->count; i++) {
        bool by_live = mgi_side_scored(live, i), by_standby = mgi_side_scored(standby, i);
        report->lost += by_live && !by_standby;
        report->gained += !by_live && by_standby;
        report->live_not_finite += (live->flags[i] & MGEO_ROW_NOT_FINITE) != 0;
        report->standby_not_finite += (standby->flags[i] & MGEO_ROW_NOT_FINITE) != 0;
        if (!by_live || !by_standby) continue;
        comparison->distances[report->pairs++] =
            (mgi_distance){.size = fabs(mgi_shift_at(comparison, i)), .index = i};
    }
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* The largest first; of equal ones, the first. */
static int mgi_by_size(const void *left, const void *right) {
    const mgi_distance *a = left, *b = right;
    if (a->size != b->size) return a->size < b->size ? 1 : -1;
    return (a->index > b->index) - (a->index < b->index);
}

/* By the nearest rank; NaN: there are none. */
static double mgi_size_quantile(const mgi_comparison *comparison, double q) {
    size_t pairs = comparison->report->pairs;
    if (pairs == 0) return NAN;
    size_t rank = (size_t)ceil(q * (double)pairs);
    return comparison->distances[pairs - (rank > 0 ? rank : 1)].size;
}

static void mgi_report_sizes(mgi_comparison *comparison) {
    mgeo_compare_report *report = comparison->report;
    double sizes = 0, shifts = 0;
    for (size_t i = 0; i < report->pairs; i++) {
        sizes += comparison->distances[i].size;
        shifts += mgi_shift_at(comparison, comparison->distances[i].index);
    }
    report->shift_mean = report->pairs > 0 ? sizes / (double)report->pairs : NAN;
    report->shift_signed_mean = report->pairs > 0 ? shifts / (double)report->pairs : NAN;
    report->shift_p50 = mgi_size_quantile(comparison, 0.5);
    report->shift_p99 = mgi_size_quantile(comparison, 0.99);
    report->shift_max = mgi_size_quantile(comparison, 1.0);
}

/* Pairs on which the models agree in every bit are not among the worst, however few others there
 * are. */
static void mgi_report_worst(mgi_comparison *comparison) {
    mgeo_compare_report *report = comparison->report;
    const mgi_side *live = &comparison->sides[MGI_LIVE_SIDE];
    const mgi_side *standby = &comparison->sides[MGI_STANDBY_SIDE];
    size_t capacity = report->worst != NULL ? report->worst_capacity : 0;
    for (size_t i = 0; i < report->pairs && report->worst_count < capacity; i++) {
        size_t index = comparison->distances[i].index;
        int32_t live_label = live->label[index], standby_label = standby->label[index];
        if (comparison->distances[i].size == 0 &&
            mgi_same_label(&live->resident->info, live_label, &standby->resident->info,
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

static void mgi_report_stability(mgi_comparison *comparison) {
    uint64_t bins[MGI_SIDES][MGI_SIMILARITY_BINS] = {0};
    for (size_t i = 0; i < comparison->report->pairs; i++) {
        size_t index = comparison->distances[i].index;
        for (int side = 0; side < MGI_SIDES; side++) {
            bins[side][mgi_similarity_bin(comparison->sides[side].similarity[index])]++;
        }
    }
    comparison->report->psi = mgi_stability_index(bins[MGI_LIVE_SIDE], bins[MGI_STANDBY_SIDE]);
}

void mgi_compare_shifts(mgi_comparison *comparison) {
    mgi_count_pairs(comparison);
    qsort(comparison->distances, comparison->report->pairs, sizeof *comparison->distances,
          mgi_by_size);
    mgi_report_sizes(comparison);
    mgi_report_worst(comparison);
    mgi_report_stability(comparison);
}
