/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked for on the command line: which models, which calls, what happens meanwhile.
 */
#ifndef CLI_LOADTEST_OPTIONS_H
#define CLI_LOADTEST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "loadtest/load/arrivals.h"
#include "loadtest/load/event_log.h"
#include "table/table.h"

enum plan_action { PLAN_RUN, PLAN_HELP, PLAN_VERSION };

enum plan_limit {
    LIMIT_SHIFT,
    LIMIT_SHIFT_MEAN,
    LIMIT_SHIFT_P99,
    LIMIT_FLIP_SHARE,
    LIMIT_ACCURACY_LOSS,
    LIMIT_MACRO_F1_LOSS,
    LIMIT_LATENCY_RATIO,
    LIMIT_PSI
};

enum { PLAN_LIMITS = LIMIT_PSI + 1, PLAN_STEPS = 32, PLAN_CALLERS = 256 };

struct plan {
    enum plan_action action;
    const char *model;   /* NULL: the bundled one */
    const char *standby; /* NULL: the same directory again */
    const char *device;
    const char *standby_device;           /* NULL: the same */
    int32_t precision, standby_precision; /* an mgeo_precision */
    bool tf32;
    uint32_t threads, batch_tokens, max_length;
    const char *pairs; /* NULL: generated ones */
    struct table_wish table;
    uint32_t pairs_per_call;
    uint32_t callers;
    double rate; /* calls a second; 0: a closed loop */
    enum arrival_kind arrivals;
    bool arrivals_given, header_given, seed_given; /* so that none is given in vain */
    double duration, warm_up;                      /* seconds */
    double find_rate;          /* milliseconds that the 99th percentile may take; 0: no search */
    double every[EVENT_KINDS]; /* seconds from one such event to the next; 0: none */
    uint32_t steps[PLAN_STEPS];
    size_t step_count;
    const char *gate; /* a table of pairs; NULL: swaps have no gate */
    double limits[PLAN_LIMITS];
    double around;  /* seconds; 0: to be chosen */
    double compare; /* seconds of a block; 0: no blocks */
    bool verify;
    uint32_t seed;
    const char *json, *plot;
    bool quiet;
    char *columns; /* what table.a and table.b point into */
};

/* Reads the command line; argv is borrowed. On failure the fault holds one line. Finished with
 * plan_finish, also after a failure. */
bool plan_parse(struct plan *plan, int argc, char **argv, struct fault *fault);
void plan_finish(struct plan *plan);

/* Whether the options go together; false with one line otherwise. */
bool plan_fits_together(const struct plan *plan, struct fault *fault);

/* Whether anything is to happen to the models, so that a second one is needed. */
bool plan_has_events(const struct plan *plan);

/* Seconds before and after an event that count as around it. */
double plan_around(const struct plan *plan);

/* "shift_mean" … */
const char *plan_limit_name(enum plan_limit limit);

#endif
