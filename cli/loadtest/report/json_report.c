/* SPDX-License-Identifier: Apache-2.0 */
/* Members of the JSON document, in the order of the table. */
#include "loadtest/report/json_report.h"

#include <math.h>
#include <stdio.h>

#include "common/json_writer.h"
#include "score/model.h"

enum { LISTED = 10000 /* events of a kind that are written one by one */ };

static void write_models(const struct outcome *outcome, struct json *json) {
    json_open(json, "models", '[');
    for (size_t i = 0; i < outcome->rollout->models; i++) {
        const mgeo_model_info *info = &outcome->rollout->info[i];
        json_open(json, NULL, '{');
        json_string(json, "path", info->path);
        json_string(json, "version", info->version);
        json_string(json, "fingerprint", info->fingerprint);
        json_string(json, "precision", model_precision_name(info->precision));
        json_string(json, "device", info->device);
        json_string(json, "library", info->library);
        json_integer(json, "generation", info->generation);
        json_integer(json, "threads", info->threads);
        json_integer(json, "batch_tokens", info->batch_tokens);
        json_integer(json, "max_length", info->max_length);
        json_integer(json, "layers", info->layers);
        json_integer(json, "hidden", info->hidden);
        json_number(json, "load_seconds", info->load_seconds, 6);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_machine(const struct outcome *outcome, struct json *json) {
    json_open(json, "machine", '{');
    json_integer(json, "cpus", (uint64_t)outcome->before.cpus);
    json_number(json, "load_average_before", outcome->before.load[0], 2);
    json_number(json, "load_average_after", outcome->after.load[0], 2);
    json_integer(json, "resident_bytes_before", outcome->before.resident);
    json_integer(json, "resident_bytes_after", outcome->after.resident);
    json_close(json, '}');
}

static void write_load(const struct outcome *outcome, struct json *json) {
    const struct plan *plan = outcome->plan;
    const struct figures *figures = &outcome->figures;
    json_open(json, "load", '{');
    json_string(json, "loop", figures->rate > 0 ? "open" : "closed");
    json_integer(json, "callers", plan->callers);
    json_number(json, "rate", figures->rate > 0 ? figures->rate : NAN, 3);
    json_string(json, "arrivals",
                figures->rate > 0 ? plan->arrivals == ARRIVALS_POISSON ? "poisson" : "constant"
                                  : "at once");
    json_integer(json, "pairs_per_call", plan->pairs_per_call);
    json_string(json, "pairs", plan->pairs != NULL ? plan->pairs : "invented");
    json_integer(json, "different_pairs", outcome->pairs->count);
    json_number(json, "warm_up_seconds", plan->warm_up, 3);
    json_number(json, "seconds", figures->seconds, 6);
    json_close(json, '}');
}

static void write_latency(struct json *json, const char *key, const struct latency *latency) {
    json_open(json, key, '{');
    json_integer(json, "calls", latency->count);
    json_number(json, "mean", latency_mean(latency), 6);
    json_number(json, "p50", latency_quantile(latency, 0.5), 6);
    json_number(json, "p95", latency_quantile(latency, 0.95), 6);
    json_number(json, "p99", latency_quantile(latency, 0.99), 6);
    json_number(json, "p999", latency_quantile(latency, 0.999), 6);
    json_number(json, "max", latency_most(latency), 6);
    json_close(json, '}');
}

static void write_calls(const struct figures *figures, struct json *json) {
    json_integer(json, "calls", figures->calls);
    json_integer(json, "answered", figures->all.count);
    json_integer(json, "failed", figures->failed);
    json_integer(json, "not_begun", figures->not_begun);
    json_integer(json, "pairs", figures->pairs);
    json_integer(json, "rows_without_score", figures->bad_rows);
    json_integer(json, "tokens", figures->tokens);
    json_number(json, "calls_per_second", figures_call_rate(figures), 3);
    json_number(json, "pairs_per_second", figures_pair_rate(figures), 3);
    json_open(json, "failures", '{');
    for (int i = 0; i < RECORDER_STATUSES; i++)
        if (figures->failures[i] > 0) json_integer(json, mgeo_status_name(i), figures->failures[i]);
    json_close(json, '}');
    write_latency(json, "latency_ms", &figures->all);
    write_latency(json, "from_begun_ms", &figures->service);
    write_latency(json, "late_ms", &figures->late);
}

static void write_ratio(struct json *json, const struct latency *with,
                        const struct latency *without) {
    static const struct {
        const char *key;
        double q;
    } ratios[] = {{"p50_ratio", 0.5}, {"p99_ratio", 0.99}, {"p999_ratio", 0.999}};
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++)
        json_number(json, ratios[i].key,
                    figures_ratio(latency_quantile(with, ratios[i].q),
                                  latency_quantile(without, ratios[i].q)),
                    4);
}

static void write_around(const struct outcome *outcome, struct json *json) {
    const struct figures *figures = &outcome->figures;
    json_open(json, "around", '[');
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct around *around = &figures->around[i];
        if ((figures->grid.watching & 1u << i) == 0) continue;
        json_open(json, NULL, '{');
        json_string(json, "event", event_name((enum event_kind)i));
        json_number(json, "seconds", (double)figures->grid.around * 1e-9, 6);
        write_latency(json, "inside_ms", &around->inside);
        write_latency(json, "outside_ms", &around->outside);
        write_ratio(json, &around->inside, &around->outside);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_comparison(const struct outcome *outcome, struct json *json) {
    const struct comparison *comparison = &outcome->figures.comparison;
    if (!(outcome->plan->compare > 0)) return;
    json_open(json, "compare", '{');
    json_number(json, "block_seconds", outcome->plan->compare, 3);
    write_latency(json, "with_ms", &comparison->with);
    write_latency(json, "without_ms", &comparison->without);
    write_ratio(json, &comparison->with, &comparison->without);
    json_number(json, "p99_ratio_median", comparison->median, 4);
    json_number(json, "p99_ratio_low", comparison->low, 4);
    json_number(json, "p99_ratio_high", comparison->high, 4);
    json_open(json, "p99_ratios", '[');
    for (uint32_t i = 0; i < comparison->pairs; i++)
        json_number(json, NULL, comparison->ratios[i], 4);
    json_close(json, ']');
    json_close(json, '}');
}

static void write_event(struct json *json, enum event_kind kind, const struct event *event,
                        uint64_t warm) {
    json_open(json, NULL, '{');
    json_number(json, "at", (double)(event->begun - warm) * 1e-9, 6); /* none begins before */
    json_number(json, "seconds", (double)(event->ended - event->begun) * 1e-9, 9);
    json_string(json, "status", mgeo_status_name(event->status));
    if (kind == EVENT_CANARY) json_integer(json, "share", event->share);
    if (kind == EVENT_SWAP || kind == EVENT_LOAD)
        json_integer(json, "generation", event->generation);
    if (kind == EVENT_SWAP) json_number(json, "stall_seconds", event->stall, 9);
    json_close(json, '}');
}

static void write_events(const struct outcome *outcome, struct json *json) {
    json_open(json, "events", '{');
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct eventlog *log = &outcome->logs[i];
        uint32_t count = atomic_load(&log->count);
        json_open(json, event_name((enum event_kind)i), '{');
        json_integer(json, "count", count + log->dropped);
        json_integer(json, "done", eventlog_done(log));
        json_integer(json, "refused", log->refused);
        json_integer(json, "not_possible", log->skipped);
        json_integer(json, "failed", log->failed);
        if (log->refused > 0) json_string(json, "refusal", log->refusal);
        if (log->failed > 0) json_string(json, "failure", log->reason);
        json_open(json, "list", '[');
        for (uint32_t k = 0; k < count && k < LISTED; k++)
            write_event(json, (enum event_kind)i, &log->events[k], outcome->figures.grid.warm);
        json_close(json, ']');
        json_close(json, '}');
    }
    json_close(json, '}');
}

static void write_generations(const struct outcome *outcome, struct json *json) {
    json_open(json, "generations", '[');
    for (int i = 0; i < RECORDER_GENERATIONS; i++) {
        uint64_t calls = outcome->figures.generations[i];
        if (calls == 0) continue;
        json_open(json, NULL, '{');
        json_integer(json, "generation", (uint64_t)i);
        json_integer(json, "calls", calls);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_verdicts(const struct outcome *outcome, struct json *json) {
    const struct verdicts *verdicts = &outcome->figures.verdicts;
    if (!outcome->plan->verify) return;
    json_open(json, "verified", '{');
    json_integer(json, "calls", verdicts->calls);
    json_integer(json, "mixed", verdicts->mixed);
    json_integer(json, "wrong", verdicts->wrong);
    json_number(json, "tolerance", outcome->rollout->answers[0].tolerance, 9);
    json_integer(json, "telling_pairs", outcome->rollout->telling);
    json_close(json, '}');
}

static void write_search(const struct outcome *outcome, struct json *json) {
    if (outcome->attempt_count == 0) return;
    json_open(json, "search", '{');
    json_number(json, "p99_ms", outcome->plan->find_rate, 3);
    json_number(json, "found", outcome->found, 3);
    json_open(json, "attempts", '[');
    for (size_t i = 0; i < outcome->attempt_count; i++) {
        const struct attempt *made = &outcome->attempts[i];
        json_open(json, NULL, '{');
        json_number(json, "rate", made->rate > 0 ? made->rate : NAN, 3);
        json_number(json, "calls_per_second", made->reached, 3);
        json_number(json, "p99_ms", made->p99, 6);
        json_integer(json, "failed", made->failed);
        json_integer(json, "not_begun", made->not_begun);
        json_string(json, "result", made->held ? "held" : "not held");
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

void document_write(const struct outcome *outcome, struct text *text) {
    const struct figures *figures = &outcome->figures;
    struct json json = {.text = *text};
    json_open(&json, NULL, '{');
    json_string(&json, "program", "mgeo-bench " MGEO_VERSION);
    json_string(&json, "library", mgeo_version());
    write_models(outcome, &json);
    write_machine(outcome, &json);
    write_load(outcome, &json);
    write_search(outcome, &json);
    write_calls(figures, &json);
    json_open(&json, "stall", '{');
    json_number(&json, "longest_call_ms", latency_most(&figures->all), 6);
    json_number(&json, "longest_gap_ms", figures->gap * 1e3, 3);
    json_number(&json, "turn_ms", figures->turn_stall * 1e3, 9);
    json_close(&json, '}');
    write_around(outcome, &json);
    write_comparison(outcome, &json);
    write_events(outcome, &json);
    write_generations(outcome, &json);
    write_verdicts(outcome, &json);
    json_close(&json, '}');
    *text = json.text;
}
