/* SPDX-License-Identifier: Apache-2.0 */
/* What the shadow calls have shown: differences of two models' answers, summed up. */
#include "engine/rollout/shadow_stats.h"

#include "core/alloc.h"
#include "core/fixed_text.h"
#include "engine/rollout/shadow_queue.h"

#include <math.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------------ */

static void name_models(mgeo_shadow_report *report, const mgeo_model_info *live,
                        const mgeo_model_info *standby) {
    report->live_generation = live->generation;
    report->standby_generation = standby->generation;
    report->live_label_count = live->label_count;
    report->standby_label_count = standby->label_count;
    memcpy(report->live_labels, live->labels, sizeof report->live_labels);
    memcpy(report->standby_labels, standby->labels, sizeof report->standby_labels);
}

mgeo_status mgi_shadow_stats_init(mgi_shadow_stats *stats, uint32_t worst_pairs,
                                  const mgeo_model_info *live, const mgeo_model_info *standby,
                                  mgeo_error *error) {
    *stats = (mgi_shadow_stats){.largest_capacity = worst_pairs};
    stats->order = mgi_calloc(worst_pairs, sizeof *stats->order);
    stats->largest = mgi_calloc(worst_pairs, sizeof *stats->largest);
    if (stats->order == NULL || stats->largest == NULL) {
        mgi_shadow_stats_finish(stats);
        return mgi_fail_memory(error, "the shadow's worst pairs",
                               worst_pairs * sizeof *stats->largest);
    }
    name_models(&stats->report, live, standby);
    return MGEO_OK;
}

void mgi_shadow_stats_finish(mgi_shadow_stats *stats) {
    mgi_free(stats->order);
    mgi_free(stats->largest);
    *stats = (mgi_shadow_stats){0};
}

/* ---- the worst pairs ------------------------------------------------------------------------- */

static double shift_size(const mgeo_shift *shift) {
    return fabs((double)shift->standby - (double)shift->live);
}

/* Where a shift of this size belongs among the worst; of equal ones the first stays ahead. */
static uint32_t shadow_rank(const mgi_shadow_stats *stats, double size) {
    uint32_t rank = stats->report.worst_count;
    while (rank > 0 && shift_size(&stats->largest[stats->order[rank - 1]].shift) < size) {
        rank--;
    }
    return rank;
}

static void keep_if_among_largest(mgi_shadow_stats *stats, const mgeo_shift *shift,
                                  const mgi_shadow_pair *pair) {
    uint32_t count = stats->report.worst_count;
    uint32_t rank = shadow_rank(stats, shift_size(shift));
    if (rank >= stats->largest_capacity) return;
    bool full = count == stats->largest_capacity;
    uint32_t place = full ? stats->order[count - 1] : count;
    uint32_t last = full ? count - 1 : count;
    memmove(&stats->order[rank + 1], &stats->order[rank], (last - rank) * sizeof stats->order[0]);
    stats->order[rank] = place;
    stats->report.worst_count = last + 1;
    mgi_shadow_stats_pair *kept = &stats->largest[place];
    kept->shift = *shift;
    mgi_fixed_text_copy(kept->a, sizeof kept->a, pair->a);
    mgi_fixed_text_copy(kept->b, sizeof kept->b, pair->b);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void shadow_count_labels(mgeo_shadow_report *report, int32_t live, int32_t standby) {
    bool known = live >= 0 && live < MGEO_MAX_LABELS && standby >= 0 && standby < MGEO_MAX_LABELS;
    if (!known) return;
    report->flip_matrix[live * MGEO_MAX_LABELS + standby]++;
    report->flips += strcmp(report->live_labels[live], report->standby_labels[standby]) != 0;
}

static void shadow_count_shift(mgi_shadow_stats *stats, const mgeo_shift *shift) {
    mgeo_shadow_report *report = &stats->report;
    double by = (double)shift->standby - (double)shift->live;
    double size = fabs(by);
    long bin = (long)floor((by + 1) * MGEO_SHADOW_BINS / 2);
    long step = lround(size * MGI_SHADOW_STATS_STEPS);
    if (bin < 0) bin = 0;
    if (bin >= MGEO_SHADOW_BINS) bin = MGEO_SHADOW_BINS - 1;
    stats->sizes[step < MGI_SHADOW_STATS_STEPS ? step : MGI_SHADOW_STATS_STEPS]++;
    report->shift_histogram[bin]++;
    stats->size_sum += size;
    stats->signed_sum += by;
    if (size > report->shift_max) report->shift_max = size;
    stats->live_similarity[mgi_drift_bin(shift->live)]++;
    stats->standby_similarity[mgi_drift_bin(shift->standby)]++;
}

void mgi_shadow_stats_add(mgi_shadow_stats *stats, const mgi_shadow_pair *pair, uint64_t first,
                          float similarity, int32_t label, bool not_finite) {
    mgeo_shadow_report *report = &stats->report;
    if (!isfinite(similarity)) {
        report->lost++;
        report->standby_not_finite += not_finite;
        return;
    }
    mgeo_shift shift = {.index = first + pair->index,
                        .live = pair->similarity,
                        .standby = similarity,
                        .live_label = pair->label,
                        .standby_label = label};
    report->compared++;
    shadow_count_labels(report, pair->label, label);
    shadow_count_shift(stats, &shift);
    keep_if_among_largest(stats, &shift, pair);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* By the nearest rank. */
static double shadow_quantile(const mgi_shadow_stats *stats, double q) {
    double rank = ceil(q * (double)stats->report.compared);
    uint64_t seen = 0;
    for (int step = 0; step <= MGI_SHADOW_STATS_STEPS; step++) {
        seen += stats->sizes[step];
        if (seen > 0 && (double)seen >= rank) return (double)step / MGI_SHADOW_STATS_STEPS;
    }
    return NAN;
}

void mgi_shadow_stats_report(const mgi_shadow_stats *stats, mgeo_shadow_report *report) {
    const double median = 0.5, nearly_all = 0.99;
    double pairs = (double)stats->report.compared;
    *report = stats->report;
    report->shift_mean = pairs > 0 ? stats->size_sum / pairs : NAN;
    report->shift_signed_mean = pairs > 0 ? stats->signed_sum / pairs : NAN;
    report->shift_p50 = shadow_quantile(stats, median);
    report->shift_p99 = shadow_quantile(stats, nearly_all);
    if (pairs == 0) report->shift_max = NAN;
    report->psi = mgi_drift_index(stats->live_similarity, stats->standby_similarity);
}
