/* SPDX-License-Identifier: Apache-2.0 */
/* Every metric that there is: its name, its type, where its value stands. docs/metrics.md explains
 * them. */
#include "engine/metric_families.h"

#include "engine/metrics.h"

#include <math.h>
#include <string.h>

typedef enum metric_kind {
    METRIC_U64,
    METRIC_U32,
    METRIC_I32,
    METRIC_DOUBLE,
    METRIC_SHARE,      /* uint32_t in 1/10,000 */
    METRIC_NANOSECONDS /* uint64_t */
} metric_kind;

/* A family whose values are members of a struct. */
typedef struct member_metric {
    mgi_openmetrics_family family;
    metric_kind kind;
    size_t offset;
} member_metric;

static double metric_value(const member_metric *metric, const void *object) {
    const char *at = (const char *)object + metric->offset;
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    int32_t i32 = 0;
    double real = 0;
    switch (metric->kind) {
    case METRIC_U64: memcpy(&u64, at, sizeof u64); return (double)u64;
    case METRIC_NANOSECONDS: memcpy(&u64, at, sizeof u64); return 1e-9 * (double)u64;
    case METRIC_U32: memcpy(&u32, at, sizeof u32); return u32;
    case METRIC_SHARE: memcpy(&u32, at, sizeof u32); return u32 / (double)MGEO_SHARE_ALL;
    case METRIC_I32: memcpy(&i32, at, sizeof i32); return i32;
    case METRIC_DOUBLE: memcpy(&real, at, sizeof real); return real;
    }
    return NAN;
}

/* ---- models ---------------------------------------------------------------------------------- */

#define OF_MODEL(kind, member) METRIC_##kind, offsetof(mgi_metrics_model, member)

static const member_metric model_metrics[] = {
    {{MGI_OPENMETRICS_GAUGE, "mgeo_model_live", NULL,
      "1 if the model answers calls, 0 if it stands by."},
     OF_MODEL(I32, info.live)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_model_healthy", NULL,
      "1 if the model's device answers, 0 if it failed and does not open again."},
     OF_MODEL(I32, info.healthy)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_model_generation", NULL,
      "Number of the load that brought the model."},
     OF_MODEL(U64, info.generation)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_model_memory_bytes", "bytes",
      "Weights as they lie on the device."},
     OF_MODEL(U64, info.bytes_on_device)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_model_predicted_memory_bytes", "bytes",
      "All memory that the load was predicted to need."},
     OF_MODEL(U64, info.predicted_bytes)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_model_load_seconds", "seconds",
      "How long the load took, with warm-up."},
     OF_MODEL(DOUBLE, info.load_seconds)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_calls", NULL, "Calls answered, failed ones included."},
     OF_MODEL(U64, observed.calls)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_calls_in_flight", NULL, "Calls being answered now."},
     OF_MODEL(U64, stats.calls_in_flight)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_longest_call_seconds", "seconds",
      "The longest call since the load."},
     OF_MODEL(DOUBLE, stats.call_seconds_max)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_pairs", NULL, "Pairs scored."},
     OF_MODEL(U64, observed.rows_scored)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_bad_pairs", NULL, "Pairs that got no score."},
     OF_MODEL(U64, observed.rows_bad)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_not_finite_pairs", NULL,
      "Of the bad pairs, those that the model answered with NaN or infinity."},
     OF_MODEL(U64, observed.rows_not_finite)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_truncated_pairs", NULL,
      "Pairs that were cut to the model's length."},
     OF_MODEL(U64, observed.rows_truncated)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_unknown_pairs", NULL,
      "Pairs scored that hold characters which the vocabulary lacks."},
     OF_MODEL(U64, observed.rows_unknown)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_unknown_differ_pairs", NULL,
      "Of these, the pairs whose two texts differ in them."},
     OF_MODEL(U64, observed.rows_unknown_differ)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_capped_pairs", NULL,
      "Of these, the pairs that would have been a match otherwise."},
     OF_MODEL(U64, observed.rows_capped)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_tokens", NULL, "Tokens encoded."},
     OF_MODEL(U64, observed.tokens)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_batches", NULL, "Batches computed."},
     OF_MODEL(U64, observed.batches)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_batch_fill_ratio", "ratio",
      "Mean share of the token budget that batches used."},
     OF_MODEL(DOUBLE, stats.batch_fill)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_largest_batch_pairs", NULL, "Most pairs in one batch."},
     OF_MODEL(U64, stats.batch_rows_max)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_busy_seconds", "seconds",
      "Time spent computing, summed over workers."},
     OF_MODEL(NANOSECONDS, observed.busy_nanoseconds)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_queue_pairs", NULL, "Pairs that wait to be computed now."},
     OF_MODEL(U64, stats.queued_rows)},
};

/* Fills labels[2]. */
static void label_model(mgi_openmetrics_label *labels, const mgi_metrics_model *model) {
    labels[0] = (mgi_openmetrics_label){"slot", mgeo_slot_name(model->info.slot)};
    labels[1] = (mgi_openmetrics_label){"version", model->info.version};
}

static void write_model_metrics(mgi_openmetrics *to, const mgi_metrics_snapshot *copy) {
    size_t metrics = sizeof model_metrics / sizeof *model_metrics;
    for (size_t i = 0; i < metrics; i++) {
        mgi_openmetrics_begin_family(to, &model_metrics[i].family);
        for (int slot = 0; slot < MGI_SLOTS; slot++) {
            const mgi_metrics_model *model = &copy->models[slot];
            if (!model->present) continue;
            mgi_openmetrics_label labels[2];
            label_model(labels, model);
            mgi_openmetrics_sample(to, labels, 2, metric_value(&model_metrics[i], model));
        }
    }
}

static void write_model_info(mgi_openmetrics *to, const mgi_metrics_snapshot *copy) {
    static const mgi_openmetrics_family family = {MGI_OPENMETRICS_INFO, "mgeo_model", NULL,
                                                  "What is in the slot."};
    mgi_openmetrics_begin_family(to, &family);
    for (int slot = 0; slot < MGI_SLOTS; slot++) {
        const mgi_metrics_model *model = &copy->models[slot];
        if (!model->present) continue;
        mgi_openmetrics_label labels[6] = {
            {"fingerprint", model->info.fingerprint},
            {"precision", mgeo_precision_name(model->info.precision)},
            {"device", model->info.device},
            {"library", model->info.library}};
        label_model(labels + 4, model);
        mgi_openmetrics_sample(to, labels, 6, 1);
    }
}

/* Every status from the start, so that a rate sees the first failure. */
static void write_call_errors(mgi_openmetrics *to, const mgi_metrics_snapshot *copy) {
    static const mgi_openmetrics_family family = {MGI_OPENMETRICS_COUNTER, "mgeo_call_errors", NULL,
                                                  "Calls that failed, by what they returned."};
    mgi_openmetrics_begin_family(to, &family);
    for (int slot = 0; slot < MGI_SLOTS; slot++) {
        const mgi_metrics_model *model = &copy->models[slot];
        if (!model->present) continue;
        mgi_openmetrics_label labels[3];
        label_model(labels, model);
        for (int32_t status = MGEO_OK + 1; status <= MGEO_E_INTERNAL; status++) {
            labels[2] = (mgi_openmetrics_label){"status", mgeo_status_name(status)};
            mgi_openmetrics_sample(to, labels, 3, (double)model->observed.failed_by[status]);
        }
    }
}

static void write_times(mgi_openmetrics *to, const mgi_metrics_snapshot *copy,
                        const mgi_openmetrics_family *family, size_t offset) {
    mgi_openmetrics_begin_family(to, family);
    for (int slot = 0; slot < MGI_SLOTS; slot++) {
        const mgi_metrics_model *model = &copy->models[slot];
        if (!model->present) continue;
        mgi_openmetrics_label labels[2];
        label_model(labels, model);
        const void *histogram = (const char *)model + offset;
        mgi_openmetrics_histogram(to, labels, 2, histogram);
    }
}

static void write_models(mgi_openmetrics *to, const mgi_metrics_snapshot *copy) {
    static const mgi_openmetrics_family calls = {MGI_OPENMETRICS_HISTOGRAM,
                                                 "mgeo_call_duration_seconds", "seconds",
                                                 "Time of a call, from its arrival to its answer."};
    static const mgi_openmetrics_family waits = {MGI_OPENMETRICS_HISTOGRAM,
                                                 "mgeo_queue_wait_seconds", "seconds",
                                                 "Time that a pair waited to be computed."};
    write_model_info(to, copy);
    write_model_metrics(to, copy);
    write_call_errors(to, copy);
    write_times(to, copy, &calls, offsetof(mgi_metrics_model, observed.call_time));
    write_times(to, copy, &waits, offsetof(mgi_metrics_model, observed.wait_time));
}

/* ---- the engine ------------------------------------------------------------------------------ */

#define OF_ENGINE(kind, member) METRIC_##kind, offsetof(mgi_metrics_snapshot, member)

static const member_metric engine_metrics_list[] = {
    {{MGI_OPENMETRICS_COUNTER, "mgeo_loads", NULL, "Models loaded."},
     OF_ENGINE(U64, rollout.loads)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_failed_loads", NULL, "Loads that failed."},
     OF_ENGINE(U64, rollout.failed_loads)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_unloads", NULL, "Models unloaded."},
     OF_ENGINE(U64, rollout.unloads)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_swaps", NULL, "Swaps, roll-backs not counted."},
     OF_ENGINE(U64, rollout.swaps)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_refused_swaps", NULL,
      "Swaps refused by a condition of the caller's."},
     OF_ENGINE(U64, rollout.refused_swaps)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_former_generation", NULL,
      "Generation that a roll-back would turn to, 0 if none."},
     OF_ENGINE(U64, rollout.former_generation)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_longest_stall_seconds", "seconds",
      "The longest that a call lost by meeting a swap."},
     OF_ENGINE(DOUBLE, rollout.stall_seconds_max)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_jobs", NULL, "Jobs that run now."},
     OF_ENGINE(U64, rollout.jobs)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_journal_failures", NULL,
      "Lines of the journal that were not written."},
     OF_ENGINE(U64, rollout.journal_failures)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_canary_share_ratio", "ratio",
      "Share of calls that the canary answers."},
     OF_ENGINE(SHARE, rollout.canary_share)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_canary_calls", NULL, "Calls that a canary answered."},
     OF_ENGINE(U64, canary_calls)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_watch_calls", NULL,
      "Calls of the watched model in the last watch."},
     OF_ENGINE(U64, watch.calls)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_shadow_share_ratio", "ratio",
      "Share of live calls that are shadowed."},
     OF_ENGINE(SHARE, rollout.shadow_share)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_calls", NULL, "Live calls that were shadowed."},
     OF_ENGINE(U64, shadow.calls)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_pairs", NULL,
      "Their pairs, those without an answer left out."},
     OF_ENGINE(U64, shadow.pairs)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_dropped_pairs", NULL,
      "Shadow pairs that were dropped: no room, or traffic turned."},
     OF_ENGINE(U64, shadow.dropped)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_failed_pairs", NULL,
      "Shadow pairs that the standby model failed to score."},
     OF_ENGINE(U64, shadow.failed)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_shadow_waiting_pairs", NULL, "Shadow pairs that wait now."},
     OF_ENGINE(U64, shadow.waiting)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_compared_pairs", NULL,
      "Shadow pairs scored by both models."},
     OF_ENGINE(U64, shadow.compared)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_lost_pairs", NULL,
      "Shadow pairs scored by the live model alone."},
     OF_ENGINE(U64, shadow.lost)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_not_finite_pairs", NULL,
      "Of the lost pairs, those that the standby model answered with NaN or infinity."},
     OF_ENGINE(U64, shadow.standby_not_finite)},
    {{MGI_OPENMETRICS_COUNTER, "mgeo_shadow_flips", NULL, "Shadow pairs that got another label."},
     OF_ENGINE(U64, shadow.flips)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_shadow_mean_shift", NULL,
      "Mean distance of the two similarities."},
     OF_ENGINE(DOUBLE, shadow.shift_mean)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_shadow_p99_shift", NULL, "99th percentile of that distance."},
     OF_ENGINE(DOUBLE, shadow.shift_p99)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_shadow_largest_shift", NULL, "The largest distance."},
     OF_ENGINE(DOUBLE, shadow.shift_max)},
    {{MGI_OPENMETRICS_GAUGE, "mgeo_shadow_psi", NULL,
      "Population stability index of the similarities, standby against live."},
     OF_ENGINE(DOUBLE, shadow.psi)},
};

static void write_engine_metrics(mgi_openmetrics *to, const mgi_metrics_snapshot *copy) {
    size_t metrics = sizeof engine_metrics_list / sizeof *engine_metrics_list;
    for (size_t i = 0; i < metrics; i++) {
        const member_metric *metric = &engine_metrics_list[i];
        mgi_openmetrics_begin_family(to, &metric->family);
        mgi_openmetrics_sample(to, NULL, 0, metric_value(metric, copy));
    }
}

static void write_library(mgi_openmetrics *to) {
    static const mgi_openmetrics_family family = {MGI_OPENMETRICS_INFO, "mgeo_library", NULL,
                                                  "The library that runs."};
    mgi_openmetrics_label label = {"version", mgeo_version()};
    mgi_openmetrics_begin_family(to, &family);
    mgi_openmetrics_sample(to, &label, 1, 1);
}

static void write_roll_backs(mgi_openmetrics *to, const mgeo_rollout *rollout) {
    static const mgi_openmetrics_family family = {
        MGI_OPENMETRICS_COUNTER, "mgeo_roll_backs", NULL,
        "Turns back to the former model, by hand or by a watch."};
    mgi_openmetrics_label label = {"by", "hand"};
    mgi_openmetrics_begin_family(to, &family);
    mgi_openmetrics_sample(to, &label, 1,
                           (double)(rollout->roll_backs - rollout->watch_roll_backs));
    label.value = "watch";
    mgi_openmetrics_sample(to, &label, 1, (double)rollout->watch_roll_backs);
}

/* ---- the watch ------------------------------------------------------------------------------- */

static void write_watch_state(mgi_openmetrics *to, int32_t state) {
    static const mgi_openmetrics_family family = {
        MGI_OPENMETRICS_GAUGE, "mgeo_watch_state", NULL,
        "1 for the state of the last watch, 0 for the others."};
    mgi_openmetrics_begin_family(to, &family);
    for (int32_t i = MGEO_WATCH_NONE; i <= MGEO_WATCH_ENDED; i++) {
        mgi_openmetrics_label label = {"state", mgeo_watch_state_name(i)};
        mgi_openmetrics_sample(to, &label, 1, i == state);
    }
}

/* Figures that could not be measured, and limits that were not set, are left out. */
static void write_watch_checks(mgi_openmetrics *to, const mgeo_watch_report *watch) {
    static const mgi_openmetrics_family measured = {MGI_OPENMETRICS_GAUGE, "mgeo_watch_measured",
                                                    NULL,
                                                    "Figures of the last watch as measured last."};
    static const mgi_openmetrics_family limits = {MGI_OPENMETRICS_GAUGE, "mgeo_watch_limit", NULL,
                                                  "Limits that the last watch holds them against."};
    mgi_openmetrics_begin_family(to, &measured);
    for (uint32_t i = 0; i < watch->check_count; i++) {
        mgi_openmetrics_label label = {"check", watch->checks[i].name};
        double value = watch->checks[i].measured;
        if (!isnan(value)) mgi_openmetrics_sample(to, &label, 1, value);
    }
    mgi_openmetrics_begin_family(to, &limits);
    for (uint32_t i = 0; i < watch->check_count; i++) {
        mgi_openmetrics_label label = {"check", watch->checks[i].name};
        double value = watch->checks[i].limit;
        if (!isnan(value)) mgi_openmetrics_sample(to, &label, 1, value);
    }
}

void mgi_metric_families_write(mgi_openmetrics *to, const mgi_metrics_snapshot *copy) {
    write_library(to);
    write_models(to, copy);
    write_engine_metrics(to, copy);
    write_roll_backs(to, &copy->rollout);
    write_watch_state(to, copy->watch.state);
    write_watch_checks(to, &copy->watch);
}
