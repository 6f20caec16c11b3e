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
bool search_held(const struct figures *figures, double limit) {
    double answered = (double)figures->all.count;
    if (figures->failed > 0 || figures->all.count == 0) return false;
    double q = P99 * (answered + (double)figures->not_begun) / answered;
    return q <= 1 && latency_quantile(&figures->all, q) <= limit;
}

static void tell(const struct outcome *outcome, const struct attempt *attempt) {
    if (outcome->plan->quiet) return;
    char rate[32] = "closed loop";
    if (attempt->rate > 0) snprintf(rate, sizeof rate, "%.1f calls/s", attempt->rate);
    notice("%s: %.1f calls/s answered, P99 %.3g ms: %s", rate, attempt->reached, attempt->p99,
           attempt->held ? "held" : "not held");
}

/* 1: held, 0: not, -1: failed or interrupted. */
static int attempt(struct rollout *rollout, struct outcome *outcome, double rate, double longer,
                   struct fault *fault) {
    const struct plan *plan = outcome->plan;
    struct trial trial = {.rollout = rollout,
                          .rate = rate,
                          .duration = plan->duration * longer,
                          .warm_up = plan->warm_up};
    figures_finish(&outcome->figures);
    if (!drive(&trial, outcome->logs, &outcome->figures, fault)) return -1;
    if (interrupted()) return -1;
    const struct figures *figures = &outcome->figures;
    struct attempt *made = &outcome->attempts[outcome->attempt_count++];
    *made = (struct attempt){.rate = rate,
                             .reached = figures_call_rate(figures),
                             .p99 = latency_quantile(&figures->all, P99),
                             .failed = figures->failed,
                             .not_begun = figures->not_begun,
                             .held = search_held(figures, plan->find_rate),
                             .confirming = longer > 1};
    tell(outcome, made);
    return made->held ? 1 : 0;
}

/* The highest rate below `high` that held; 0: none. */
static int halve(struct rollout *rollout, struct outcome *outcome, double high, double *low,
                 struct fault *fault) {
    *low = 0;
    for (int i = 0; i < HALVINGS && (*low <= 0 || high / *low > CLOSE); i++) {
        double rate = i == 0 ? high : *low > 0 ? (*low + high) / 2 : high / 2;
        int held = attempt(rollout, outcome, rate, 1, fault);
        if (held < 0) return -1;
        if (held > 0) *low = rate;
        if (held > 0 && i == 0) return 0; /* even the highest */
        if (held == 0) high = rate;
    }
    return 0;
}

static int confirm(struct rollout *rollout, struct outcome *outcome, double rate,
                   struct fault *fault) {
    for (int i = 0; i < CONFIRMATIONS && rate > 0; i++) {
        int held = attempt(rollout, outcome, rate, LONGER, fault);
        if (held < 0) return -1;
        if (held > 0) {
            outcome->found = rate;
            return 0;
        }
        rate *= STEP;
    }
    return 0;
}

bool search(struct rollout *rollout, struct outcome *outcome, struct fault *fault) {
    double low = 0;
    outcome->found = NAN;
    if (attempt(rollout, outcome, 0, 1, fault) < 0) return interrupted();
    double high = outcome->attempts[0].reached * ABOVE;
    if (!(high > 0)) return true; /* every call failed, and the figures say so */
    if (halve(rollout, outcome, high, &low, fault) < 0) return interrupted();
    if (confirm(rollout, outcome, low, fault) < 0) return interrupted();
    return true;
}
