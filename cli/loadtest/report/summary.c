/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the table that is printed at the end. */
#include "loadtest/report/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void write_models(const struct bench_result *result, struct string_buffer *text) {
    static const char *const names[ROLLOUT_MODELS] = {"model", "standby"};
    for (size_t i = 0; i < ROLLOUT_MODELS && i < result->rollout->models; i++) {
        const mgeo_model_info *info = &result->rollout->info[i];
        string_buffer_format(text, "%-10s%s (%.8s), %s, %s, %u threads\n", names[i], info->version,
                             info->fingerprint, mgeo_precision_name(info->precision), info->device,
                             (unsigned)info->threads);
    }
}

static void write_setting(const struct bench_result *result, struct string_buffer *text) {
    const struct options *options = result->options;
    const struct trial_stats *stats = &result->stats;
    string_buffer_format(text, "%-10s%zu %s, %u a call\n", "pairs", result->pairs->count,
                         options->pairs != NULL ? options->pairs : "invented",
                         (unsigned)options->pairs_per_call);
    string_buffer_format(text, "%-10s", "load");
    if (stats->rate > 0) {
        string_buffer_format(text, "open loop, %g calls/s due (%s), %u callers", stats->rate,
                             options->arrivals == ARRIVALS_POISSON ? "Poisson" : "constant",
                             (unsigned)options->callers);
    } else {
        string_buffer_format(text, "closed loop, %u callers", (unsigned)options->callers);
    }
    string_buffer_format(text, ", %.1f s after %g s of warm-up\n", stats->seconds,
                         options->warm_up);
    string_buffer_format(text, "%-10s%d CPUs, load average %.2f before, %.2f after\n\n", "machine",
                         result->before.cpus, result->before.load[0], result->after.load[0]);
}

static void write_search(const struct bench_result *result, struct string_buffer *text) {
    if (result->attempt_count == 0) return;
    string_buffer_put(text, "search           due/s  answered/s     P99 ms\n");
    for (size_t i = 0; i < result->attempt_count; i++) {
        const struct bench_result_attempt *made = &result->attempts[i];
        string_buffer_format(text, "  %-10s",
                             made->rate > 0 ? made->confirming ? "confirm" : "" : "closed");
        if (made->rate > 0) {
            string_buffer_format(text, "%10.1f", made->rate);
        } else {
            string_buffer_format(text, "%10s", "-");
        }
        string_buffer_format(text, "  %10.1f %10.3f  %s\n", made->reached, made->p99,
                             made->held ? "held" : "not held");
    }
    if (isnan(result->found)) {
        string_buffer_format(text, "no rate was found that holds a P99 of %g ms\n\n",
                             result->options->find_rate);
    } else {
        string_buffer_format(text, "highest rate that holds a P99 of %g ms: %.1f calls/s\n\n",
                             result->options->find_rate, result->found);
    }
}

static void write_counts(const struct trial_stats *stats, struct string_buffer *text) {
    string_buffer_format(text, "calls      %" PRIu64 " answered, %.1f calls/s, %.1f pairs/s\n",
                         stats->all.count, trial_stats_call_rate(stats),
                         trial_stats_pair_rate(stats));
    string_buffer_format(text, "failed     %" PRIu64, stats->failed);
    for (int i = 0; i < RECORDER_STATUSES; i++) {
        if (stats->failures[i] > 0) {
            string_buffer_format(text, ", %s %" PRIu64, mgeo_status_name(i), stats->failures[i]);
        }
    }
    if (stats->failed > 0) string_buffer_format(text, "; first: %s", stats->reason);
    string_buffer_put(text, "\n");
    if (stats->bad_rows > 0) {
        string_buffer_format(text, "no score   %" PRIu64 " rows\n", stats->bad_rows);
    }
    if (stats->not_begun > 0) {
        string_buffer_format(
            text,
            "not begun  %" PRIu64
            " calls that were due before the end: all callers were still waiting\n",
            stats->not_begun);
    }
}

static void write_latency(const char *name, const struct latency *latency,
                          struct string_buffer *text) {
    string_buffer_format(text, "%-22s %10" PRIu64 " %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", name,
                         latency->count, latency_mean(latency), latency_quantile(latency, 0.5),
                         latency_quantile(latency, 0.95), latency_quantile(latency, 0.99),
                         latency_quantile(latency, 0.999), latency_most(latency));
}

static void write_around(const struct bench_result *result, enum event_kind kind,
                         struct string_buffer *text) {
    const struct trial_stats_around *around = &result->stats.around[kind];
    char name[64];
    if ((result->stats.grid.watching & 1u << kind) == 0) return;
    snprintf(name, sizeof name, "around a %s", event_log_kind_name(kind));
    write_latency(name, &around->inside, text);
    write_latency("  all others", &around->outside, text);
}

static void write_latencies(const struct bench_result *result, struct string_buffer *text) {
    const struct trial_stats *stats = &result->stats;
    string_buffer_format(text, "\n%-22s %10s %9s %9s %9s %9s %9s %9s\n", "latency, ms", "calls",
                         "mean", "P50", "P95", "P99", "P99.9", "max");
    write_latency(stats->rate > 0 ? "from when due" : "all", &stats->all, text);
    if (stats->rate > 0) {
        write_latency("  from when made", &stats->service, text);
        write_latency("  made late by", &stats->late, text);
    }
    for (int i = 0; i < EVENT_KINDS; i++) write_around(result, (enum event_kind)i, text);
    if (result->options->compare > 0) {
        write_latency("blocks with events", &stats->comparison.with, text);
        write_latency("blocks without", &stats->comparison.without, text);
    }
}

static void write_ratio(const char *name, const struct latency *with, const struct latency *without,
                        struct string_buffer *text) {
    double p50 = trial_stats_ratio(latency_quantile(with, 0.5), latency_quantile(without, 0.5));
    double p99 = trial_stats_ratio(latency_quantile(with, 0.99), latency_quantile(without, 0.99));
    if (isnan(p99)) return;
    string_buffer_format(text, "%-22s P50 %.3f, P99 %.3f times the others'", name, p50, p99);
}

static void write_ratios(const struct bench_result *result, struct string_buffer *text) {
    const struct trial_stats *stats = &result->stats;
    size_t before = text->length;
    string_buffer_put(text, "\n");
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct trial_stats_around *around = &stats->around[i];
        char name[64];
        size_t begun = text->length;
        snprintf(name, sizeof name, "around a %s", event_log_kind_name((enum event_kind)i));
        write_ratio(name, &around->inside, &around->outside, text);
        if (text->length > begun) {
            string_buffer_format(text, " (%g s before and after)\n",
                                 (double)stats->grid.around * 1e-9);
        }
    }
    const struct trial_stats_comparison *comparison = &stats->comparison;
    if (comparison->pairs > 0) {
        write_ratio("blocks with events", &comparison->with, &comparison->without, text);
        string_buffer_format(
            text, "\n  P99 in %u pairs of blocks: median ratio %.3f, 95%% interval %.3f to %.3f\n",
            (unsigned)comparison->pairs, comparison->median, comparison->low, comparison->high);
    }
    if (text->length == before + 1) text->length = before;
    text->bytes[text->length] = '\0';
}

static void write_event(const struct event_log *log, enum event_kind kind,
                        struct string_buffer *text) {
    uint32_t count = atomic_load(&log->count);
    if (count == 0) return;
    double sum = 0, most = 0;
    for (uint32_t i = 0; i < count; i++) {
        double took = (double)(log->events[i].ended - log->events[i].begun) * 1e-6;
        sum += took;
        if (took > most) most = took;
    }
    string_buffer_format(text, "%-10s %6" PRIu64 " done", event_log_kind_name(kind),
                         event_log_done(log));
    if (log->refused > 0) string_buffer_format(text, ", %" PRIu64 " refused", log->refused);
    if (log->skipped > 0) string_buffer_format(text, ", %" PRIu64 " not possible", log->skipped);
    if (log->failed > 0) string_buffer_format(text, ", %" PRIu64 " failed", log->failed);
    string_buffer_format(text, "; took %.3f ms on average, %.3f at most\n", sum / count, most);
    if (log->refused > 0) string_buffer_format(text, "  refused: %s\n", log->refusal);
    if (log->failed > 0) string_buffer_format(text, "  failed: %s\n", log->reason);
}

static void write_events(const struct bench_result *result, struct string_buffer *text) {
    const struct trial_stats *stats = &result->stats;
    string_buffer_put(text, "\n");
    for (int i = 0; i < EVENT_KINDS; i++) write_event(&result->logs[i], (enum event_kind)i, text);
    string_buffer_format(text,
                         "stall      longest call %.3f ms, longest time without an answer %.1f ms",
                         latency_most(&stats->all), stats->gap * 1e3);
    if (options_have_events(result->options)) {
        string_buffer_format(text, ", longest loss to a turn %.6f ms", stats->cutover_stall * 1e3);
    }
    string_buffer_put(text, "\n");
}

static void write_answered(const struct bench_result *result, struct string_buffer *text) {
    const struct trial_stats *stats = &result->stats;
    size_t shown = 0, used = 0;
    for (int i = 0; i < RECORDER_GENERATIONS; i++) used += stats->generations[i] > 0;
    string_buffer_format(text, "answered by %zu generation%s:", used, used == 1 ? "" : "s");
    for (int i = 0; i < RECORDER_GENERATIONS && shown < 8; i++) {
        if (stats->generations[i] == 0) continue;
        string_buffer_format(text, "%s %d: %" PRIu64, shown++ > 0 ? "," : "", i,
                             stats->generations[i]);
    }
    string_buffer_put(text, used > shown ? ", …\n" : "\n");
}

static void write_verdicts(const struct bench_result *result, struct string_buffer *text) {
    const struct trial_stats_verdicts *verdicts = &result->stats.verdicts;
    const struct rollout *rollout = result->rollout;
    if (!result->options->verify) return;
    string_buffer_format(text,
                         "verified   %" PRIu64 " calls: %" PRIu64 " mixed, %" PRIu64
                         " otherwise not as expected (within %.2g)\n",
                         verdicts->calls, verdicts->mixed, verdicts->wrong,
                         rollout->answers[0].tolerance);
    if (rollout->models < 2) return;
    string_buffer_format(
        text, "           the two models' answers can be told apart on %" PRIu64 " of %zu pairs\n",
        rollout->distinguishing_pairs, result->pairs->count);
}

void summary_write(const struct bench_result *result, struct string_buffer *text) {
    write_models(result, text);
    write_setting(result, text);
    write_search(result, text);
    write_counts(&result->stats, text);
    write_latencies(result, text);
    write_ratios(result, text);
    write_events(result, text);
    write_answered(result, text);
    write_verdicts(result, text);
}
