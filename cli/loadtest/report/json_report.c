/* SPDX-License-Identifier: Apache-2.0 */
/* Members of the JSON document, in the order of the table. */
#include "loadtest/report/json_report.h"

#include <math.h>
#include <stdio.h>

#include "common/json_writer.h"

enum { LISTED = 10000 /* events of a kind that are written one by one */ };

static void write_models(const struct bench_result *result, struct json_writer *json) {
    json_writer_open(json, "models", '[');
    for (size_t i = 0; i < result->rollout->models; i++) {
        const mgeo_model_info *info = &result->rollout->info[i];
        json_writer_open(json, NULL, '{');
        json_writer_string(json, "path", info->path);
        json_writer_string(json, "version", info->version);
        json_writer_string(json, "fingerprint", info->fingerprint);
        json_writer_string(json, "precision", mgeo_precision_name(info->precision));
        json_writer_string(json, "device", info->device);
        json_writer_string(json, "library", info->library);
        json_writer_integer(json, "generation", info->generation);
        json_writer_integer(json, "threads", info->threads);
        json_writer_integer(json, "batch_tokens", info->batch_tokens);
        json_writer_integer(json, "max_length", info->max_length);
        json_writer_integer(json, "layers", info->layers);
        json_writer_integer(json, "hidden", info->hidden);
        json_writer_number(json, "load_seconds", info->load_seconds, 6);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static void write_machine(const struct bench_result *result, struct json_writer *json) {
    json_writer_open(json, "machine", '{');
    json_writer_integer(json, "cpus", (uint64_t)result->before.cpus);
    json_writer_number(json, "load_average_before", result->before.load[0], 2);
    json_writer_number(json, "load_average_after", result->after.load[0], 2);
    json_writer_integer(json, "resident_bytes_before", result->before.resident);
    json_writer_integer(json, "resident_bytes_after", result->after.resident);
    json_writer_close(json, '}');
}

static void write_load(const struct bench_result *result, struct json_writer *json) {
    const struct options *options = result->options;
    const struct trial_stats *stats = &result->stats;
    json_writer_open(json, "load", '{');
    json_writer_string(json, "loop", stats->rate > 0 ? "open" : "closed");
    json_writer_integer(json, "callers", options->callers);
    json_writer_number(json, "rate", stats->rate > 0 ? stats->rate : NAN, 3);
    json_writer_string(json, "arrivals",
                       stats->rate > 0
                           ? options->arrivals == ARRIVALS_POISSON ? "poisson" : "constant"
                           : "at once");
    json_writer_integer(json, "pairs_per_call", options->pairs_per_call);
    json_writer_string(json, "pairs", options->pairs != NULL ? options->pairs : "invented");
    json_writer_integer(json, "different_pairs", result->pairs->count);
    json_writer_number(json, "warm_up_seconds", options->warm_up, 3);
    json_writer_number(json, "seconds", stats->seconds, 6);
    json_writer_close(json, '}');
}

static void write_latency(struct json_writer *json, const char *key,
                          const struct latency *latency) {
    json_writer_open(json, key, '{');
    json_writer_integer(json, "calls", latency->count);
    json_writer_number(json, "mean", latency_mean(latency), 6);
    json_writer_number(json, "p50", latency_quantile(latency, 0.5), 6);
    json_writer_number(json, "p95", latency_quantile(latency, 0.95), 6);
    json_writer_number(json, "p99", latency_quantile(latency, 0.99), 6);
    json_writer_number(json, "p999", latency_quantile(latency, 0.999), 6);
    json_writer_number(json, "max", latency_most(latency), 6);
    json_writer_close(json, '}');
}

static void write_calls(const struct trial_stats *stats, struct json_writer *json) {
    json_writer_integer(json, "calls", stats->calls);
    json_writer_integer(json, "answered", stats->all.count);
    json_writer_integer(json, "failed", stats->failed);
    json_writer_integer(json, "not_begun", stats->not_begun);
    json_writer_integer(json, "pairs", stats->pairs);
    json_writer_integer(json, "rows_without_score", stats->bad_rows);
    json_writer_integer(json, "tokens", stats->tokens);
    json_writer_number(json, "calls_per_second", trial_stats_call_rate(stats), 3);
    json_writer_number(json, "pairs_per_second", trial_stats_pair_rate(stats), 3);
    json_writer_open(json, "failures", '{');
    for (int i = 0; i < RECORDER_STATUSES; i++) {
        if (stats->failures[i] > 0) {
            json_writer_integer(json, mgeo_status_name(i), stats->failures[i]);
        }
    }
    json_writer_close(json, '}');
    write_latency(json, "latency_ms", &stats->all);
    write_latency(json, "from_begun_ms", &stats->service);
    write_latency(json, "late_ms", &stats->late);
}

static void write_ratio(struct json_writer *json, const struct latency *with,
                        const struct latency *without) {
    static const struct {
        const char *key;
        double q;
    } ratios[] = {{"p50_ratio", 0.5}, {"p99_ratio", 0.99}, {"p999_ratio", 0.999}};
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
        json_writer_number(json, ratios[i].key,
                           trial_stats_ratio(latency_quantile(with, ratios[i].q),
                                             latency_quantile(without, ratios[i].q)),
                           4);
    }
}

static void write_around(const struct bench_result *result, struct json_writer *json) {
    const struct trial_stats *stats = &result->stats;
    json_writer_open(json, "around", '[');
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct trial_stats_around *around = &stats->around[i];
        if ((stats->grid.watching & 1u << i) == 0) continue;
        json_writer_open(json, NULL, '{');
        json_writer_string(json, "event", event_log_kind_name((enum event_kind)i));
        json_writer_number(json, "seconds", (double)stats->grid.around * 1e-9, 6);
        write_latency(json, "inside_ms", &around->inside);
        write_latency(json, "outside_ms", &around->outside);
        write_ratio(json, &around->inside, &around->outside);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static void write_comparison(const struct bench_result *result, struct json_writer *json) {
    const struct trial_stats_comparison *comparison = &result->stats.comparison;
    if (!(result->options->compare > 0)) return;
    json_writer_open(json, "compare", '{');
    json_writer_number(json, "block_seconds", result->options->compare, 3);
    write_latency(json, "with_ms", &comparison->with);
    write_latency(json, "without_ms", &comparison->without);
    write_ratio(json, &comparison->with, &comparison->without);
    json_writer_number(json, "p99_ratio_median", comparison->median, 4);
    json_writer_number(json, "p99_ratio_low", comparison->low, 4);
    json_writer_number(json, "p99_ratio_high", comparison->high, 4);
    json_writer_open(json, "p99_ratios", '[');
    for (uint32_t i = 0; i < comparison->pairs; i++) {
        json_writer_number(json, NULL, comparison->ratios[i], 4);
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}

static void write_event(struct json_writer *json, enum event_kind kind, const struct event *event,
                        uint64_t warm) {
    json_writer_open(json, NULL, '{');
    json_writer_number(json, "at", (double)(event->begun - warm) * 1e-9,
                       6); /* none begins before */
    json_writer_number(json, "seconds", (double)(event->ended - event->begun) * 1e-9, 9);
    json_writer_string(json, "status", mgeo_status_name(event->status));
    if (kind == EVENT_CANARY) json_writer_integer(json, "share", event->share);
    if (kind == EVENT_SWAP || kind == EVENT_LOAD) {
        json_writer_integer(json, "generation", event->generation);
    }
    if (kind == EVENT_SWAP) json_writer_number(json, "stall_seconds", event->stall, 9);
    json_writer_close(json, '}');
}

static void write_events(const struct bench_result *result, struct json_writer *json) {
    json_writer_open(json, "events", '{');
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct event_log *log = &result->logs[i];
        uint32_t count = atomic_load(&log->count);
        json_writer_open(json, event_log_kind_name((enum event_kind)i), '{');
        json_writer_integer(json, "count", count + log->dropped);
        json_writer_integer(json, "done", event_log_done(log));
        json_writer_integer(json, "refused", log->refused);
        json_writer_integer(json, "not_possible", log->skipped);
        json_writer_integer(json, "failed", log->failed);
        if (log->refused > 0) json_writer_string(json, "refusal", log->refusal);
        if (log->failed > 0) json_writer_string(json, "failure", log->reason);
        json_writer_open(json, "list", '[');
        for (uint32_t k = 0; k < count && k < LISTED; k++) {
            write_event(json, (enum event_kind)i, &log->events[k], result->stats.grid.warm);
        }
        json_writer_close(json, ']');
        json_writer_close(json, '}');
    }
    json_writer_close(json, '}');
}

static void write_generations(const struct bench_result *result, struct json_writer *json) {
    json_writer_open(json, "generations", '[');
    for (int i = 0; i < RECORDER_GENERATIONS; i++) {
        uint64_t calls = result->stats.generations[i];
        if (calls == 0) continue;
        json_writer_open(json, NULL, '{');
        json_writer_integer(json, "generation", (uint64_t)i);
        json_writer_integer(json, "calls", calls);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static void write_verdicts(const struct bench_result *result, struct json_writer *json) {
    const struct trial_stats_verdicts *verdicts = &result->stats.verdicts;
    if (!result->options->verify) return;
    json_writer_open(json, "verified", '{');
    json_writer_integer(json, "calls", verdicts->calls);
    json_writer_integer(json, "mixed", verdicts->mixed);
    json_writer_integer(json, "wrong", verdicts->wrong);
    json_writer_number(json, "tolerance", result->rollout->answers[0].tolerance, 9);
    json_writer_integer(json, "telling_pairs", result->rollout->distinguishing_pairs);
    json_writer_close(json, '}');
}

static void write_search(const struct bench_result *result, struct json_writer *json) {
    if (result->attempt_count == 0) return;
    json_writer_open(json, "search", '{');
    json_writer_number(json, "p99_ms", result->options->find_rate, 3);
    json_writer_number(json, "found", result->found, 3);
    json_writer_open(json, "attempts", '[');
    for (size_t i = 0; i < result->attempt_count; i++) {
        const struct bench_result_attempt *made = &result->attempts[i];
        json_writer_open(json, NULL, '{');
        json_writer_number(json, "rate", made->rate > 0 ? made->rate : NAN, 3);
        json_writer_number(json, "calls_per_second", made->reached, 3);
        json_writer_number(json, "p99_ms", made->p99, 6);
        json_writer_integer(json, "failed", made->failed);
        json_writer_integer(json, "not_begun", made->not_begun);
        json_writer_string(json, "result", made->held ? "held" : "not held");
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}

void json_report_write(const struct bench_result *result, struct string_buffer *text) {
    const struct trial_stats *stats = &result->stats;
    struct json_writer json = {.text = *text};
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "program", "mgeo-bench " MGEO_VERSION);
    json_writer_string(&json, "library", mgeo_version());
    write_models(result, &json);
    write_machine(result, &json);
    write_load(result, &json);
    write_search(result, &json);
    write_calls(stats, &json);
    json_writer_open(&json, "stall", '{');
    json_writer_number(&json, "longest_call_ms", latency_most(&stats->all), 6);
    json_writer_number(&json, "longest_gap_ms", stats->gap * 1e3, 3);
    json_writer_number(&json, "turn_ms", stats->cutover_stall * 1e3, 9);
    json_writer_close(&json, '}');
    write_around(result, &json);
    write_comparison(result, &json);
    write_events(result, &json);
    write_generations(result, &json);
    write_verdicts(result, &json);
    json_writer_close(&json, '}');
    *text = json.text;
}
