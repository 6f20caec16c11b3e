/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a watch: the model's figures in the window are evaluated against them. */
#include "engine/rollout/watch_limits.h"

#include "core/fixed_text.h"
#include "engine/rollout/watch.h"

#include <math.h>
#include <stdio.h>

enum { DEFAULT_MIN_CALLS = 50 };

/* ---- what may be asked for ------------------------------------------------------------------- */

uint64_t mgi_watch_limits_min_calls(const mgeo_watch *watch) {
    if (watch->min_calls != 0) return watch->min_calls;
    bool shorter = watch->window_calls > 0 && watch->window_calls < DEFAULT_MIN_CALLS;
    return shorter ? watch->window_calls : DEFAULT_MIN_CALLS;
}

static mgeo_status watch_check_window(const mgeo_watch *watch, const char *what,
                                      mgeo_error *error) {
    if (!isfinite(watch->window_seconds) || watch->window_seconds < 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "%s: window_seconds is %g: 0 or more", what,
                        watch->window_seconds);
    }
    if (watch->window_calls == 0 && watch->window_seconds == 0) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "%s: the window has no end: give window_calls or window_seconds", what);
    }
    if (watch->window_calls > 0 && watch->min_calls > watch->window_calls) {
        return mgi_fail(error, MGEO_E_ARGUMENT,
                        "%s: min_calls is %llu and the window ends after %llu calls: nothing would "
                        "be judged",
                        what, (unsigned long long)watch->min_calls,
                        (unsigned long long)watch->window_calls);
    }
    return MGEO_OK;
}

static mgeo_status watch_check_limit(mgeo_limit limit, mgeo_limit most, const char *what,
                                     const char *name, mgeo_error *error) {
    if (isfinite(limit) && limit <= most) return MGEO_OK;
    if (isfinite(limit)) {
        return mgi_fail(error, MGEO_E_ARGUMENT, "%s: %s is %g: a share, at most %g", what, name,
                        limit, most);
    }
    return mgi_fail(error, MGEO_E_ARGUMENT, "%s: %s is no finite number: 0 does not hold it", what,
                    name);
}

mgeo_status mgi_watch_limits_check(const mgeo_watch *watch, const char *what, mgeo_error *error) {
    const struct {
        mgeo_limit limit, most;
        const char *name;
    } limits[] = {{watch->max_error_rate, 1, "max_error_rate"},
                  {watch->max_not_finite_rate, 1, "max_not_finite_rate"},
                  {watch->max_latency_ratio, HUGE_VAL, "max_latency_ratio"},
                  {watch->max_psi, HUGE_VAL, "max_psi"}};
    bool held = false;
    mgeo_status status = watch_check_window(watch, what, error);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0] && status == MGEO_OK; i++) {
        held = held || limits[i].limit != 0;
        status = watch_check_limit(limits[i].limit, limits[i].most, what, limits[i].name, error);
    }
    if (status != MGEO_OK || held) return status;
    return mgi_fail(error, MGEO_E_ARGUMENT,
                    "%s: no limit is set, so nothing would be watched: 0 does not hold a figure, a "
                    "negative limit allows nothing at all",
                    what);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* What a caller cancelled says nothing about the model. */
static uint64_t watch_failed(const mgi_snapshot *observed) {
    return mgi_snapshot_failed(observed) - observed->failed_by[MGEO_E_CANCELLED];
}

static uint64_t watch_rows(const mgi_snapshot *observed) {
    return observed->rows_scored + observed->rows_bad;
}

static double watch_rate(uint64_t part, uint64_t all) {
    return all > 0 ? (double)part / (double)all : NAN;
}

static double watch_latency(const mgi_snapshot *watched, const mgi_snapshot *former) {
    enum { PERCENTILE = 95 };
    double own = mgi_histogram_quantile(&watched->call_time, PERCENTILE / 100.0);
    double other = mgi_histogram_quantile(&former->call_time, PERCENTILE / 100.0);
    return other > 0 ? own / other : NAN;
}

/* The index of two samples of one and the same distribution in ten bins stays below 28 / n in 999
 * of 1,000 cases (chi-square, 9 degrees of freedom). A watch checks often and early: what chance
 * may explain is no reason to roll back. */
static double watch_psi(const mgi_snapshot *watched, const mgi_snapshot *former) {
    const double by_chance = 28;
    double index = mgi_drift_index(former->similarity, watched->similarity);
    double less =
        by_chance / (double)watched->rows_scored + by_chance / (double)former->rows_scored;
    return index < less ? 0 : index - less; /* NaN stays NaN */
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* Returns whether the limit is broken. */
static bool watch_fill(mgeo_check *check, const char *name, double measured, mgeo_limit limit) {
    *check = (mgeo_check){.measured = measured, .limit = limit < 0 ? 0 : limit, .passed = 1};
    mgi_fixed_text_copy(check->name, sizeof check->name, name);
    if (limit == 0) {
        check->limit = NAN;
        check->passed = -1;
    } else if (measured > check->limit) { /* never true of NaN */
        check->passed = 0;
    }
    return check->passed == 0;
}

/* Before there are `least` calls a rate is measured only if no later call can make up for it. */
static double watch_early(uint64_t part, uint64_t all, uint64_t least, mgeo_limit limit) {
    double allowed = limit < 0 ? 0 : limit * (double)least;
    return limit != 0 && (double)part > allowed ? watch_rate(part, all) : NAN;
}

/* How many rows min_calls will bring is not known, so that only the first one is beyond repair. */
static bool evaluate_early(const mgeo_watch *watch, const mgi_snapshot *watched,
                           mgeo_check checks[MGI_WATCH_LIMITS_COUNT]) {
    double errors = watch_early(watch_failed(watched), watched->calls,
                                mgi_watch_limits_min_calls(watch), watch->max_error_rate);
    double not_finite = watch->max_not_finite_rate < 0 && watched->rows_not_finite > 0
                            ? watch_rate(watched->rows_not_finite, watch_rows(watched))
                            : NAN;
    bool broken = watch_fill(&checks[0], "error_rate", errors, watch->max_error_rate);
    broken |= watch_fill(&checks[1], "not_finite_rate", not_finite, watch->max_not_finite_rate);
    watch_fill(&checks[2], "latency_ratio", NAN, watch->max_latency_ratio);
    watch_fill(&checks[3], "psi", NAN, watch->max_psi);
    return broken;
}

bool mgi_watch_limits_evaluate(const mgeo_watch *watch, const mgi_snapshot *watched,
                               const mgi_snapshot *former,
                               mgeo_check checks[MGI_WATCH_LIMITS_COUNT]) {
    uint64_t least = mgi_watch_limits_min_calls(watch);
    if (watched->calls < least) return evaluate_early(watch, watched, checks);
    double errors = watch_rate(watch_failed(watched), watched->calls);
    double not_finite = watch_rate(watched->rows_not_finite, watch_rows(watched));
    bool rows = watched->rows_scored >= least && former->rows_scored >= least;
    double latency = former->calls >= least ? watch_latency(watched, former) : NAN;
    double psi = rows ? watch_psi(watched, former) : NAN;
    bool broken = watch_fill(&checks[0], "error_rate", errors, watch->max_error_rate);
    broken |= watch_fill(&checks[1], "not_finite_rate", not_finite, watch->max_not_finite_rate);
    broken |= watch_fill(&checks[2], "latency_ratio", latency, watch->max_latency_ratio);
    broken |= watch_fill(&checks[3], "psi", psi, watch->max_psi);
    return broken;
}

bool mgi_watch_limits_is_over(const mgeo_watch *watch, uint64_t calls, double seconds) {
    return (watch->window_calls > 0 && calls >= watch->window_calls) ||
           (watch->window_seconds > 0 && seconds >= watch->window_seconds);
}

void mgi_watch_limits_reason(const mgeo_check checks[MGI_WATCH_LIMITS_COUNT], uint64_t calls,
                             double seconds, char *reason, size_t capacity) {
    size_t length = 0;
    for (uint32_t i = 0; i < MGI_WATCH_LIMITS_COUNT && length < capacity; i++) {
        if (checks[i].passed != 0) continue;
        length += (size_t)snprintf(reason + length, capacity - length, "%s %.4g > %.4g, ",
                                   checks[i].name, checks[i].measured, checks[i].limit);
    }
    if (length >= capacity) return;
    snprintf(reason + length, capacity - length, "after %llu calls in %.3g s",
             (unsigned long long)calls, seconds);
}
