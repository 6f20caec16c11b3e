/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a watch: the model's figures in the window are evaluated against them. */
#ifndef MGI_ENGINE_ROLLOUT_WATCH_LIMITS_H
#define MGI_ENGINE_ROLLOUT_WATCH_LIMITS_H

#include "core/status.h"
#include "stats/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

/* error_rate, not_finite_rate, latency_ratio, psi */
enum { MGI_WATCH_LIMITS_COUNT = 4 };

/* Refuses a watch that could never be evaluated. `what` names the struct that holds it.
 * Errors: MGEO_E_ARGUMENT. */
mgeo_status mgi_watch_limits_check(const mgeo_watch *watch, const char *what, mgeo_error *error);

/* Calls that must be there before anything is evaluated. */
uint64_t mgi_watch_limits_min_calls(const mgeo_watch *watch);

/* Measures what the watched model did in the window against what the former one did, and fills the
 * checks. Returns whether a limit is broken. */
bool mgi_watch_limits_evaluate(const mgeo_watch *watch, const mgi_snapshot *watched,
                               const mgi_snapshot *former,
                               mgeo_check checks[MGI_WATCH_LIMITS_COUNT]);

/* Is the window over? */
bool mgi_watch_limits_is_over(const mgeo_watch *watch, uint64_t calls, double seconds);

/* One line with every broken limit and its figure. */
void mgi_watch_limits_reason(const mgeo_check checks[MGI_WATCH_LIMITS_COUNT], uint64_t calls,
                             double seconds, char *reason, size_t capacity);

#endif
