/* One trial: caller threads at work for a while, with events beside them. */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include <stdbool.h>

#include "arrivals.h"
#include "eventlog.h"
#include "fault.h"
#include "figures.h"
#include "pairset.h"
#include "rollout.h"

struct trial {
    struct rollout *rollout; /* borrowed */
    double rate;             /* calls a second; 0: a closed loop */
    double duration, warm_up;
    double block; /* seconds; 0: no blocks */
};

/* Runs the trial and fills in the figures, which are finished with figures_finish, also after a
 * failure. The logs, [EVENT_KINDS] and initialised, are cleared first and hold the events after. A
 * signal ends the trial early, and that is no failure. */
bool drive(const struct trial *trial, struct eventlog *logs, struct figures *figures,
           struct fault *fault);

#endif
