/* SPDX-License-Identifier: Apache-2.0 */
/* What a comparison is made of: shared by the files compare*.c alone. */
#ifndef MGI_ENGINE_ROLLOUT_COMPARE_INTERNAL_H
#define MGI_ENGINE_ROLLOUT_COMPARE_INTERNAL_H

#include "engine/rollout/compare.h"
#include "run/side_scorer.h"

enum { MGI_COMPARE_LIVE, MGI_COMPARE_STANDBY, MGI_COMPARE_SIDES };

/* One of the two models, and what it answered. */
typedef struct mgi_compare_side {
    const mgi_slot_model *model;
    mgi_side_scorer *scorer;
    float *similarity; /* [count]; so are the next two */
    int32_t *label;
    uint32_t *flags;
    double *call_seconds; /* [calls] */
    double seconds;       /* of all calls */
} mgi_compare_side;

/* A pair that both models scored. */
typedef struct mgi_compare_difference {
    double size; /* of the shift */
    size_t index;
} mgi_compare_difference;

typedef struct mgi_compare_state {
    const mgeo_compare_options *options;
    mgeo_compare_report *report;
    mgi_compare_side sides[MGI_COMPARE_SIDES];
    int32_t *gold; /* [count], labels of the live model, -1: none that both know; or NULL */
    mgi_compare_difference *differences; /* [count], of which report->pairs are filled */
    size_t chunk;                        /* pairs in a call */
    size_t calls;
} mgi_compare_state;

/* Was the pair scored by this side? */
static inline bool mgi_compare_side_scored(const mgi_compare_side *side, size_t index) {
    return (side->flags[index] & MGEO_ROW_BAD) == 0;
}

static inline bool mgi_compare_both_scored(const mgi_compare_state *comparison, size_t index) {
    return mgi_compare_side_scored(&comparison->sides[MGI_COMPARE_LIVE], index) &&
           mgi_compare_side_scored(&comparison->sides[MGI_COMPARE_STANDBY], index);
}

/* ---- compare_run.c --------------------------------------------------------------------------- */

/* Has both models answer all pairs in turn, and takes the time.
 * Errors: those of mgi_side_scorer_create and mgi_side_scorer_score. */
mgeo_status mgi_compare_run(mgi_compare_state *comparison, mgeo_error *error);

/* ---- compare_labels.c ------------------------------------------------------------------------ */

/* Finds the labels that options->gold names. Errors: MGEO_E_MEMORY, MGEO_E_ARGUMENT (neither model
 * has one of them). */
mgeo_status mgi_compare_read_gold(mgi_compare_state *comparison, mgeo_error *error);

/* Do two labels bear the same name? Those of two models with one logit always do. */
bool mgi_compare_same_label(const mgeo_model_info *live, int32_t live_label,
                            const mgeo_model_info *standby, int32_t standby_label);

/* Fills flips, the flip matrix, the labels' names; then accuracy and macro-F1. */
void mgi_compare_labels(mgi_compare_state *comparison);
void mgi_compare_accuracy(mgi_compare_state *comparison);

/* ---- compare_differences.c ------------------------------------------------------------------- */

/* Fills counts, shifts, the stability index and the worst pairs. */
void mgi_compare_differences(mgi_compare_state *comparison);

#endif
