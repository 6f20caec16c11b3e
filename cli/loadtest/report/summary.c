/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the table that is printed at the end. */
#include "loadtest/report/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "score/model.h"

bool outcome_is_good(const struct outcome *outcome) {
    const struct figures *figures = &outcome->figures;
    for (int i = 0; i < EVENT_KINDS; i++)
        if (outcome->logs[i].failed > 0) return false;
    return figures->failed == 0 && figures->verdicts.wrong == 0 && figures->verdicts.mixed == 0;
}

static void write_models(const struct outcome *outcome, struct text *text) {
    static const char *const names[ROLLOUT_MODELS] = {"model", "standby"};
    for (size_t i = 0; i < ROLLOUT_MODELS && i < outcome->rollout->models; i++) {
        const mgeo_model_info *info = &outcome->rollout->info[i];
        text_format(text, "%-10s%s (%.8s), %s, %s, %u threads\n", names[i], info->version,
                    info->fingerprint, model_precision_name(info->precision), info->device,
                    (unsigned)info->threads);
    }
}

static void write_setting(const struct outcome *outcome, struct text *text) {
    const struct plan *plan = outcome->plan;
    const struct figures *figures = &outcome->figures;
    text_format(text, "%-10s%zu %s, %u a call\n", "pairs", outcome->pairs->count,
                plan->pairs != NULL ? plan->pairs : "invented", (unsigned)plan->pairs_per_call);
    text_format(text, "%-10s", "load");
    if (figures->rate > 0)
        text_format(text, "open loop, %g calls/s due (%s), %u callers", figures->rate,
                    plan->arrivals == ARRIVALS_POISSON ? "Poisson" : "constant",
                    (unsigned)plan->callers);
    else
        text_format(text, "closed loop, %u callers", (unsigned)plan->callers);
    text_format(text, ", %.1f s after %g s of warm-up\n", figures->seconds, plan->warm_up);
    text_format(text, "%-10s%d CPUs, load average %.2f before, %.2f after\n\n", "machine",
                outcome->before.cpus, outcome->before.load[0], outcome->after.load[0]);
}

static void write_search(const struct outcome *outcome, struct text *text) {
    if (outcome->attempt_count == 0) return;
    text_put(text, "search           due/s  answered/s     P99 ms\n");
    for (size_t i = 0; i < outcome->attempt_count; i++) {
        const struct attempt *made = &outcome->attempts[i];
        text_format(text, "  %-10s", made->rate > 0 ? made->confirming ? "confirm" : "" : "closed");
        if (made->rate > 0)
            text_format(text, "%10.1f", made->rate);
        else
            text_format(text, "%10s", "-");
        text_format(text, "  %10.1f %10.3f  %s\n", made->reached, made->p99,
                    made->held ? "held" : "not held");
    }
    if (isnan(outcome->found))
        text_format(text, "no rate was found that holds a P99 of %g ms\n\n",
                    outcome->plan->find_rate);
    else
        text_format(text, "highest rate that holds a P99 of %g ms: %.1f calls/s\n\n",
                    outcome->plan->find_rate, outcome->found);
}

static void write_counts(const struct figures *figures, struct text *text) {
    text_format(text, "calls      %" PRIu64 " answered, %.1f calls/s, %.1f pairs/s\n",
                figures->all.count, figures_call_rate(figures), figures_pair_rate(figures));
    text_format(text, "failed     %" PRIu64, figures->failed);
    for (int i = 0; i < RECORDER_STATUSES; i++)
        if (figures->failures[i] > 0)
            text_format(text, ", %s %" PRIu64, mgeo_status_name(i), figures->failures[i]);
    if (figures->failed > 0) text_format(text, "; first: %s", figures->reason);
    text_put(text, "\n");
    if (figures->bad_rows > 0)
        text_format(text, "no score   %" PRIu64 " rows\n", figures->bad_rows);
    if (figures->not_begun > 0)
        text_format(text,
                    "not begun  %" PRIu64
                    " calls that were due before the end: all callers were still waiting\n",
                    figures->not_begun);
}

static void write_latency(const char *name, const struct latency *latency, struct text *text) {
    text_format(text, "%-22s %10" PRIu64 " %9.3f %9.3f %9.3f %9.3f %9.3f %9.3f\n", name,
                latency->count, latency_mean(latency), latency_quantile(latency, 0.5),
                latency_quantile(latency, 0.95), latency_quantile(latency, 0.99),
                latency_quantile(latency, 0.999), latency_most(latency));
}

static void write_around(const struct outcome *outcome, enum event_kind kind, struct text *text) {
    const struct around *around = &outcome->figures.around[kind];
    char name[64];
    if ((outcome->figures.grid.watching & 1u << kind) == 0) return;
    snprintf(name, sizeof name, "around a %s", event_name(kind));
    write_latency(name, &around->inside, text);
    write_latency("  all others", &around->outside, text);
}

static void write_latencies(const struct outcome *outcome, struct text *text) {
    const struct figures *figures = &outcome->figures;
    text_format(text, "\n%-22s %10s %9s %9s %9s %9s %9s %9s\n", "latency, ms", "calls", "mean",
                "P50", "P95", "P99", "P99.9", "max");
    write_latency(figures->rate > 0 ? "from when due" : "all", &figures->all, text);
    if (figures->rate > 0) {
        write_latency("  from when made", &figures->service, text);
        write_latency("  made late by", &figures->late, text);
    }
    for (int i = 0; i < EVENT_KINDS; i++) write_around(outcome, (enum event_kind)i, text);
    if (outcome->plan->compare > 0) {
        write_latency("blocks with events", &figures->comparison.with, text);
        write_latency("blocks without", &figures->comparison.without, text);
    }
}

static void write_ratio(const char *name, const struct latency *with, const struct latency *without,
                        struct text *text) {
    double p50 = figures_ratio(latency_quantile(with, 0.5), latency_quantile(without, 0.5));
    double p99 = figures_ratio(latency_quantile(with, 0.99), latency_quantile(without, 0.99));
    if (isnan(p99)) return;
    text_format(text, "%-22s P50 %.3f, P99 %.3f times the others'", name, p50, p99);
}

static void write_ratios(const struct outcome *outcome, struct text *text) {
    const struct figures *figures = &outcome->figures;
    size_t before = text->length;
    text_put(text, "\n");
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct around *around = &figures->around[i];
        char name[64];
        size_t begun = text->length;
        snprintf(name, sizeof name, "around a %s", event_name((enum event_kind)i));
        write_ratio(name, &around->inside, &around->outside, text);
        if (text->length > begun)
            text_format(text, " (%g s before and after)\n", (double)figures->grid.around * 1e-9);
    }
    const struct comparison *comparison = &figures->comparison;
    if (comparison->pairs > 0) {
        write_ratio("blocks with events", &comparison->with, &comparison->without, text);
        text_format(
            text, "\n  P99 in %u pairs of blocks: median ratio %.3f, 95%% interval %.3f to %.3f\n",
            (unsigned)comparison->pairs, comparison->median, comparison->low, comparison->high);
    }
    if (text->length == before + 1) text->length = before;
    text->bytes[text->length] = '\0';
}

static void write_event(const struct eventlog *log, enum event_kind kind, struct text *text) {
    uint32_t count = atomic_load(&log->count);
    if (count == 0) return;
    double sum = 0, most = 0;
    for (uint32_t i = 0; i < count; i++) {
        double took = (double)(log->events[i].ended - log->events[i].begun) * 1e-6;
        sum += took;
        if (took > most) most = took;
    }
    text_format(text, "%-10s %6" PRIu64 " done", event_name(kind), eventlog_done(log));
    if (log->refused > 0) text_format(text, ", %" PRIu64 " refused", log->refused);
    if (log->skipped > 0) text_format(text, ", %" PRIu64 " not possible", log->skipped);
    if (log->failed > 0) text_format(text, ", %" PRIu64 " failed", log->failed);
    text_format(text, "; took %.3f ms on average, %.3f at most\n", sum / count, most);
    if (log->refused > 0) text_format(text, "  refused: %s\n", log->refusal);
    if (log->failed > 0) text_format(text, "  failed: %s\n", log->reason);
}

static void write_events(const struct outcome *outcome, struct text *text) {
    const struct figures *figures = &outcome->figures;
    text_put(text, "\n");
    for (int i = 0; i < EVENT_KINDS; i++) write_event(&outcome->logs[i], (enum event_kind)i, text);
    text_format(text, "stall      longest call %.3f ms, longest time without an answer %.1f ms",
                latency_most(&figures->all), figures->gap * 1e3);
    if (plan_has_events(outcome->plan))
        text_format(text, ", longest loss to a turn %.6f ms", figures->turn_stall * 1e3);
    text_put(text, "\n");
}

static void write_answered(const struct outcome *outcome, struct text *text) {
    const struct figures *figures = &outcome->figures;
    size_t shown = 0, used = 0;
    for (int i = 0; i < RECORDER_GENERATIONS; i++) used += figures->generations[i] > 0;
    text_format(text, "answered by %zu generation%s:", used, used == 1 ? "" : "s");
    for (int i = 0; i < RECORDER_GENERATIONS && shown < 8; i++) {
        if (figures->generations[i] == 0) continue;
        text_format(text, "%s %d: %" PRIu64, shown++ > 0 ? "," : "", i, figures->generations[i]);
    }
    text_put(text, used > shown ? ", …\n" : "\n");
}

static void write_verdicts(const struct outcome *outcome, struct text *text) {
    const struct verdicts *verdicts = &outcome->figures.verdicts;
    const struct rollout *rollout = outcome->rollout;
    if (!outcome->plan->verify) return;
    text_format(text,
                "verified   %" PRIu64 " calls: %" PRIu64 " mixed, %" PRIu64
                " otherwise not as expected (within %.2g)\n",
                verdicts->calls, verdicts->mixed, verdicts->wrong, rollout->answers[0].tolerance);
    if (rollout->models < 2) return;
    text_format(
        text, "           the two models' answers can be told apart on %" PRIu64 " of %zu pairs\n",
        rollout->telling, outcome->pairs->count);
}

void summary_write(const struct outcome *outcome, struct text *text) {
    write_models(outcome, text);
    write_setting(outcome, text);
    write_search(outcome, text);
    write_counts(&outcome->figures, text);
    write_latencies(outcome, text);
    write_ratios(outcome, text);
    write_events(outcome, text);
    write_answered(outcome, text);
    write_verdicts(outcome, text);
}
