/* SPDX-License-Identifier: Apache-2.0 */
/* The labels of two models: where they differ, and who is right. */
#include "core/alloc.h"
#include "engine/rollout/compare_internal.h"

#include <math.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

bool mgi_compare_same_label(const mgeo_model_info *live, int32_t live_label,
                            const mgeo_model_info *standby, int32_t standby_label) {
    if (live_label < 0 || standby_label < 0) return live_label == standby_label;
    if (live->label_count == 1 && standby->label_count == 1) return true;
    return strcmp(live->labels[live_label], standby->labels[standby_label]) == 0;
}

/* The index of a label; -1: the model has none of that name. */
static int32_t find_label(const mgeo_model_info *info, const char *name) {
    for (uint32_t i = 0; i < info->label_count; i++) {
        if (strcmp(info->labels[i], name) == 0) return (int32_t)i;
    }
    return -1;
}

mgeo_status mgi_compare_read_gold(mgi_compare_state *comparison, mgeo_error *error) {
    const mgeo_compare_options *options = comparison->options;
    const mgeo_model_info *live = &comparison->sides[MGI_COMPARE_LIVE].model->info;
    const mgeo_model_info *standby = &comparison->sides[MGI_COMPARE_STANDBY].model->info;
    if (options->gold == NULL) return MGEO_OK;
    comparison->gold = mgi_calloc(options->count, sizeof *comparison->gold);
    if (comparison->gold == NULL) return mgi_fail_memory(error, "gold labels", options->count * 4);
    for (size_t i = 0; i < options->count; i++) {
        const char *name = options->gold[i];
        comparison->gold[i] = -1;
        if (name == NULL) continue;
        int32_t by_live = find_label(live, name);
        int32_t by_standby = find_label(standby, name);
        if (by_live < 0 && by_standby < 0) {
            return mgi_fail(error, MGEO_E_ARGUMENT,
                            "gold[%zu] is \"%s\": neither model has that label (\"%s\" has %u, the "
                            "first is \"%s\")",
                            i, name, live->version, live->label_count, live->labels[0]);
        }
        if (by_standby >= 0) comparison->gold[i] = by_live;
    }
    return MGEO_OK;
}

/* ---- flips ----------------------------------------------------------------------------------- */

void mgi_compare_labels(mgi_compare_state *comparison) {
    mgeo_compare_report *report = comparison->report;
    const mgi_compare_side *live = &comparison->sides[MGI_COMPARE_LIVE];
    const mgi_compare_side *standby = &comparison->sides[MGI_COMPARE_STANDBY];
    const mgeo_model_info *live_info = &live->model->info;
    const mgeo_model_info *standby_info = &standby->model->info;
    report->live_label_count = live_info->label_count;
    report->standby_label_count = standby_info->label_count;
    memcpy(report->live_labels, live_info->labels, sizeof report->live_labels);
    memcpy(report->standby_labels, standby_info->labels, sizeof report->standby_labels);
    for (size_t i = 0; i < comparison->options->count; i++) {
        if (!mgi_compare_both_scored(comparison, i)) continue;
        int32_t from = live->label[i], to = standby->label[i];
        report->flip_matrix[from * MGEO_MAX_LABELS + to]++;
        report->flips += !mgi_compare_same_label(live_info, from, standby_info, to);
    }
}

/* ---- who is right ---------------------------------------------------------------------------- */

/* How one model's labels stand to gold; labels are the live model's, MGEO_MAX_LABELS: one that the
 * live model does not have. */
typedef struct label_tally {
    uint64_t right, all;
    uint64_t gold[MGEO_MAX_LABELS + 1];
    uint64_t given[MGEO_MAX_LABELS + 1];
    uint64_t both[MGEO_MAX_LABELS + 1];
} label_tally;

static void tally_add(label_tally *tally, int32_t gold, int32_t given) {
    tally->all++;
    tally->gold[gold]++;
    tally->given[given]++;
    if (gold != given) return;
    tally->right++;
    tally->both[gold]++;
}

static double tally_accuracy(const label_tally *tally) {
    return tally->all > 0 ? (double)tally->right / (double)tally->all : NAN;
}

static double tally_macro_f1(const label_tally *tally) {
    double sum = 0;
    unsigned labels = 0;
    for (int i = 0; i < MGEO_MAX_LABELS; i++) {
        if (tally->gold[i] == 0) continue;
        sum += 2.0 * (double)tally->both[i] / (double)(tally->gold[i] + tally->given[i]);
        labels++;
    }
    return labels > 0 ? sum / labels : NAN;
}

void mgi_compare_accuracy(mgi_compare_state *comparison) {
    mgeo_compare_report *report = comparison->report;
    const mgi_compare_side *live = &comparison->sides[MGI_COMPARE_LIVE];
    const mgi_compare_side *standby = &comparison->sides[MGI_COMPARE_STANDBY];
    const mgeo_model_info *standby_info = &standby->model->info;
    int32_t as_live[MGEO_MAX_LABELS];
    label_tally tallies[MGI_COMPARE_SIDES] = {0};
    for (uint32_t i = 0; i < standby_info->label_count; i++) {
        as_live[i] = find_label(&live->model->info, standby_info->labels[i]);
        if (as_live[i] < 0) as_live[i] = MGEO_MAX_LABELS;
    }
    for (size_t i = 0; comparison->gold != NULL && i < comparison->options->count; i++) {
        int32_t gold = comparison->gold[i];
        if (gold < 0 || !mgi_compare_both_scored(comparison, i)) continue;
        tally_add(&tallies[MGI_COMPARE_LIVE], gold, live->label[i]);
        tally_add(&tallies[MGI_COMPARE_STANDBY], gold, as_live[standby->label[i]]);
    }
    report->labelled = tallies[MGI_COMPARE_LIVE].all;
    report->live_accuracy = tally_accuracy(&tallies[MGI_COMPARE_LIVE]);
    report->standby_accuracy = tally_accuracy(&tallies[MGI_COMPARE_STANDBY]);
    report->live_macro_f1 = tally_macro_f1(&tallies[MGI_COMPARE_LIVE]);
    report->standby_macro_f1 = tally_macro_f1(&tallies[MGI_COMPARE_STANDBY]);
}
