/* SPDX-License-Identifier: Apache-2.0 */
/* Bisection over trials in an open loop. */
#include "loadtest/search.h"

#include <math.h>
#include <stdio.h>

#include "common/interrupt.h"
#include "common/message.h"
#include "loadtest/load/load_generator.h"

enum { HALVINGS = 8, CONFIRMATIONS = 5 };

static const double CLOSE = 1.03; /* two rates this near to each other are one */
static const double ABOVE = 1.1;  /* of a closed loop: where the search begins */
static const double STEP = 0.95;  /* down, where a rate is not confirmed */
static const double LONGER = 2;   /* the confirming trial */
static const double P99 = 0.99;

/* Calls that were never begun count as the slowest of all. */
bool search_held(const struct trial_stats *stats, double limit) {
    double answered = (double)stats->all.count;
    if (stats->failed > 0 || stats->all.count == 0) return false;
    double q = P99 * (answered + (double)stats->not_begun) / answered;
    return q <= 1 && latency_quantile(&stats->all, q) <= limit;
}

static void print_attempt(const struct bench_result *result,
                          const struct bench_result_attempt *attempt) {
    if (result->options->quiet) return;
    char rate[32] = "closed loop";
    if (attempt->rate > 0) snprintf(rate, sizeof rate, "%.1f calls/s", attempt->rate);
    message_print("%s: %.1f calls/s answered, P99 %.3g ms: %s", rate, attempt->reached,
                  attempt->p99, attempt->held ? "held" : "not held");
}

/* 1: held, 0: not, -1: failed or interrupted. */
static int attempt(struct rollout *rollout, struct bench_result *result, double rate, double longer,
                   struct error *error) {
    const struct options *options = result->options;
    struct load_generator_trial trial = {.rollout = rollout,
                                         .rate = rate,
                                         .duration = options->duration * longer,
                                         .warm_up = options->warm_up};
    trial_stats_finish(&result->stats);
    if (!load_generator_run(&trial, result->logs, &result->stats, error)) return -1;
    if (interrupt_received()) return -1;
    const struct trial_stats *stats = &result->stats;
    struct bench_result_attempt *made = &result->attempts[result->attempt_count++];
    *made = (struct bench_result_attempt){.rate = rate,
                                          .reached = trial_stats_call_rate(stats),
                                          .p99 = latency_quantile(&stats->all, P99),
                                          .failed = stats->failed,
                                          .not_begun = stats->not_begun,
                                          .held = search_held(stats, options->find_rate),
                                          .confirming = longer > 1};
    print_attempt(result, made);
    return made->held ? 1 : 0;
}

/* The highest rate below `high` that held; 0: none. */
static int bisect(struct rollout *rollout, struct bench_result *result, double high, double *low,
                  struct error *error) {
    *low = 0;
    for (int i = 0; i < HALVINGS && (*low <= 0 || high / *low > CLOSE); i++) {
        double rate = i == 0 ? high : *low > 0 ? (*low + high) / 2 : high / 2;
        int held = attempt(rollout, result, rate, 1, error);
        if (held < 0) return -1;
        if (held > 0) *low = rate;
        if (held > 0 && i == 0) return 0; /* even the highest */
        if (held == 0) high = rate;
    }
    return 0;
}

static int confirm(struct rollout *rollout, struct bench_result *result, double rate,
                   struct error *error) {
    for (int i = 0; i < CONFIRMATIONS && rate > 0; i++) {
        int held = attempt(rollout, result, rate, LONGER, error);
        if (held < 0) return -1;
        if (held > 0) {
            result->found = rate;
            return 0;
        }
        rate *= STEP;
    }
    return 0;
}

bool search_rate(struct rollout *rollout, struct bench_result *result, struct error *error) {
    double low = 0;
    result->found = NAN;
    if (attempt(rollout, result, 0, 1, error) < 0) return interrupt_received();
    double high = result->attempts[0].reached * ABOVE;
    if (!(high > 0)) return true; /* every call failed, and the stats say so */
    if (bisect(rollout, result, high, &low, error) < 0) return interrupt_received();
    if (confirm(rollout, result, low, error) < 0) return interrupt_received();
    return true;
}
