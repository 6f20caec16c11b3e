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

mgeo_status mgi_shadow_stats_init(mgi_shadow_stats *figures, uint32_t worst_pairs,
                                  const mgeo_model_info *live, const mgeo_model_info *standby,
                                  mgeo_error *error) {
    *figures = (mgi_shadow_stats){.worst_capacity = worst_pairs};
    figures->order = mgi_calloc(worst_pairs, sizeof *figures->order);
    figures->worst = mgi_calloc(worst_pairs, sizeof *figures->worst);
    if (figures->order == NULL || figures->worst == NULL) {
        mgi_shadow_stats_finish(figures);
        return mgi_fail_memory(error, "the shadow's worst pairs",
                               worst_pairs * sizeof *figures->worst);
    }
    name_models(&figures->report, live, standby);
    return MGEO_OK;
}

void mgi_shadow_stats_finish(mgi_shadow_stats *figures) {
    mgi_free(figures->order);
    mgi_free(figures->worst);
    *figures = (mgi_shadow_stats){0};
}

/* ---- the worst pairs ------------------------------------------------------------------------- */

static double shift_size(const mgeo_shift *shift) {
    return fabs((double)shift->standby - (double)shift->live);
}

/* Where a shift of this size belongs among the worst; of equal ones the first stays ahead. */
static uint32_t shadow_rank(const mgi_shadow_stats *figures, double size) {
    uint32_t rank = figures->report.worst_count;
    while (rank > 0 && shift_size(&figures->worst[figures->order[rank - 1]].shift) < size) {
        rank--;
    }
    return rank;
}

static void keep_if_among_largest(mgi_shadow_stats *figures, const mgeo_shift *shift,
                                  const mgi_shadow_pair *pair) {
    uint32_t count = figures->report.worst_count;
    uint32_t rank = shadow_rank(figures, shift_size(shift));
    if (rank >= figures->worst_capacity) return;
    bool full = count == figures->worst_capacity;
    uint32_t place = full ? figures->order[count - 1] : count;
    uint32_t last = full ? count - 1 : count;
    memmove(&figures->order[rank + 1], &figures->order[rank],
            (last - rank) * sizeof figures->order[0]);
    figures->order[rank] = place;
    figures->report.worst_count = last + 1;
    mgi_shadow_stats_pair *worst = &figures->worst[place];
    worst->shift = *shift;
    mgi_fixed_text_copy(worst->a, sizeof worst->a, pair->a);
    mgi_fixed_text_copy(worst->b, sizeof worst->b, pair->b);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void shadow_count_labels(mgeo_shadow_report *report, int32_t live, int32_t standby) {
    bool known = live >= 0 && live < MGEO_MAX_LABELS && standby >= 0 && standby < MGEO_MAX_LABELS;
    if (!known) return;
    report->flip_matrix[live * MGEO_MAX_LABELS + standby]++;
    report->flips += strcmp(report->live_labels[live], report->standby_labels[standby]) != 0;
}

static void shadow_count_shift(mgi_shadow_stats *figures, const mgeo_shift *shift) {
    mgeo_shadow_report *report = &figures->report;
    double by = (double)shift->standby - (double)shift->live;
    double size = fabs(by);
    long bin = (long)floor((by + 1) * MGEO_SHADOW_BINS / 2);
    long step = lround(size * MGI_SHADOW_STATS_STEPS);
    if (bin < 0) bin = 0;
    if (bin >= MGEO_SHADOW_BINS) bin = MGEO_SHADOW_BINS - 1;
    figures->sizes[step < MGI_SHADOW_STATS_STEPS ? step : MGI_SHADOW_STATS_STEPS]++;
    report->shift_histogram[bin]++;
    figures->size_sum += size;
    figures->signed_sum += by;
    if (size > report->shift_max) report->shift_max = size;
    figures->live_similarity[mgi_drift_bin(shift->live)]++;
    figures->standby_similarity[mgi_drift_bin(shift->standby)]++;
}

void mgi_shadow_stats_add(mgi_shadow_stats *figures, const mgi_shadow_pair *pair, uint64_t first,
                          float similarity, int32_t label, bool not_finite) {
    mgeo_shadow_report *report = &figures->report;
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
    shadow_count_shift(figures, &shift);
    keep_if_among_largest(figures, &shift, pair);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* By the nearest rank. */
static double shadow_quantile(const mgi_shadow_stats *figures, double q) {
    double rank = ceil(q * (double)figures->report.compared);
    uint64_t seen = 0;
    for (int step = 0; step <= MGI_SHADOW_STATS_STEPS; step++) {
        seen += figures->sizes[step];
        if (seen > 0 && (double)seen >= rank) return (double)step / MGI_SHADOW_STATS_STEPS;
    }
    return NAN;
}

void mgi_shadow_stats_report(const mgi_shadow_stats *figures, mgeo_shadow_report *report) {
    const double median = 0.5, nearly_all = 0.99;
    double pairs = (double)figures->report.compared;
    *report = figures->report;
    report->shift_mean = pairs > 0 ? figures->size_sum / pairs : NAN;
    report->shift_signed_mean = pairs > 0 ? figures->signed_sum / pairs : NAN;
    report->shift_p50 = shadow_quantile(figures, median);
    report->shift_p99 = shadow_quantile(figures, nearly_all);
    if (pairs == 0) report->shift_max = NAN;
    report->psi = mgi_drift_index(figures->live_similarity, figures->standby_similarity);
}
