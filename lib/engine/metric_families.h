/* SPDX-License-Identifier: Apache-2.0 */
/* Every metric that there is, and the snapshot that they are written from, so that no lock is held
 * meanwhile. */
#ifndef MGI_ENGINE_METRIC_FAMILIES_H
#define MGI_ENGINE_METRIC_FAMILIES_H

#include "core/status.h"
#include "engine/slots.h"
#include "stats/openmetrics.h"
#include "stats/snapshot.h"

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

/* Writes every family, between mgi_openmetrics_begin and mgi_openmetrics_end. */
void mgi_metric_families_write(mgi_openmetrics *to, const mgi_metrics_snapshot *copy);

#endif
