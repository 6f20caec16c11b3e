/* SPDX-License-Identifier: Apache-2.0 */
/* One trial: caller threads call for a while, with events meanwhile. */
#ifndef CLI_LOADTEST_LOAD_LOAD_GENERATOR_H
#define CLI_LOADTEST_LOAD_LOAD_GENERATOR_H

#include <stdbool.h>

#include "common/error.h"
#include "loadtest/load/arrivals.h"
#include "loadtest/load/event_log.h"
#include "loadtest/load/pair_set.h"
#include "loadtest/load/rollout.h"
#include "loadtest/load/trial_stats.h"

struct load_generator_trial {
    struct rollout *rollout; /* borrowed */
    double rate;             /* calls a second; 0: a closed loop */
    double duration, warm_up;
    double block; /* seconds; 0: no blocks */
};

/* Runs the trial and fills in the stats, which are finished with trial_stats_finish, also after a
 * failure. The logs, [EVENT_KINDS] and initialised, are cleared first and hold the events after. A
 * signal ends the trial early, and that is no failure. */
bool load_generator_run(const struct load_generator_trial *trial, struct event_log *logs,
                        struct trial_stats *stats, struct error *error);

#endif
