/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics are written from: a copy, so that nothing is held while they are. */
#ifndef MGI_ENGINE_METRICS_H
#define MGI_ENGINE_METRICS_H

#include "engine/state.h"
#include "stats/openmetrics.h"

/* A model in its slot. */
typedef struct mgi_metrics_model {
    bool present;
    mgeo_model_info info;
    mgeo_stats stats;
    mgi_snapshot observed;
} mgi_metrics_model;

typedef struct mgi_metrics_snapshot {
    mgeo_rollout rollout;
    mgeo_watch_report watch;
    mgeo_shadow_report shadow;
    uint64_t canary_calls;
    mgi_metrics_model models[MGI_SLOTS];
} mgi_metrics_snapshot;

/* ---- metrics_families.c ---- */

/* Writes every family, between mgi_openmetrics_begin and mgi_openmetrics_end. */
void mgi_metric_families_write(mgi_openmetrics *to, const mgi_metrics_snapshot *copy);

#endif
