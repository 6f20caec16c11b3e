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
    mgi_observed observed;
} mgi_metrics_model;

typedef struct mgi_metrics_copy {
    mgeo_rollout rollout;
    mgeo_watch_report watch;
    mgeo_shadow_report shadow;
    uint64_t canary_calls;
    mgi_metrics_model models[MGI_SLOTS];
} mgi_metrics_copy;

/* ---- metrics_families.c ---- */

/* Writes every family, between mgi_metrics_begin and mgi_metrics_end. */
void mgi_metrics_write(mgi_metrics_text *to, const mgi_metrics_copy *copy);

#endif
