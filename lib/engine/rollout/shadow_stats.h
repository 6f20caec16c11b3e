/* SPDX-License-Identifier: Apache-2.0 */
/* What the shadow calls have shown: differences of two models' answers, summed up. */
#ifndef MGI_ENGINE_ROLLOUT_SHADOW_STATS_H
#define MGI_ENGINE_ROLLOUT_SHADOW_STATS_H

#include "engine/rollout/shadow_queue.h"
#include "stats/snapshot.h"

enum {
    MGI_SHADOW_STATS_STEPS = 200, /* sizes of shifts are kept to 1/200 */
    MGI_SHADOW_STATS_TEXT_BYTES = 1024
};

/* A pair on which the models differ, with its texts. */
typedef struct mgi_shadow_stats_pair {
    mgeo_shift shift;
    char a[MGI_SHADOW_STATS_TEXT_BYTES], b[MGI_SHADOW_STATS_TEXT_BYTES];
} mgi_shadow_stats_pair;

/* Guarded by the shadow's mutex. All zero: nothing was compared. */
typedef struct mgi_shadow_stats {
    mgeo_shadow_report report; /* who, and what can be counted as it comes */
    double size_sum, signed_sum;
    uint64_t sizes[MGI_SHADOW_STATS_STEPS + 1]; /* of shifts, to the nearest step */
    uint64_t live_similarity[MGI_DRIFT_BINS], standby_similarity[MGI_DRIFT_BINS];

    uint32_t largest_capacity;
    uint32_t *order; /* [worst_capacity] indices into worst, largest shift first */
    mgi_shadow_stats_pair *largest;
} mgi_shadow_stats;

/* Begins anew for these two models. Errors: MGEO_E_MEMORY. */
mgeo_status mgi_shadow_stats_init(mgi_shadow_stats *stats, uint32_t worst_pairs,
                                  const mgeo_model_info *live, const mgeo_model_info *standby,
                                  mgeo_error *error);
void mgi_shadow_stats_finish(mgi_shadow_stats *stats);

/* One pair that the standby model was asked for, of the call whose first pair is number `first`:
 * its similarity there (NaN: no score, `not_finite` says whether for that reason) and label. */
void mgi_shadow_stats_add(mgi_shadow_stats *stats, const mgi_shadow_pair *pair, uint64_t first,
                          float similarity, int32_t label, bool not_finite);

/* Fills in what is not counted as it comes. */
void mgi_shadow_stats_report(const mgi_shadow_stats *stats, mgeo_shadow_report *report);

#endif
