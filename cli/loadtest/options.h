/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked for on the command line: which models, which calls, what happens meanwhile.
 */
#ifndef CLI_LOADTEST_OPTIONS_H
#define CLI_LOADTEST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/option_table.h"
#include "loadtest/load/arrivals.h"
#include "loadtest/load/event_log.h"
#include "table/table.h"

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

enum options_limit {
    OPTIONS_LIMIT_SHIFT,
    OPTIONS_LIMIT_SHIFT_MEAN,
    OPTIONS_LIMIT_SHIFT_P99,
    OPTIONS_LIMIT_FLIP_SHARE,
    OPTIONS_LIMIT_ACCURACY_LOSS,
    OPTIONS_LIMIT_MACRO_F1_LOSS,
    OPTIONS_LIMIT_LATENCY_RATIO,
    OPTIONS_LIMIT_PSI
};

enum { OPTIONS_LIMITS = OPTIONS_LIMIT_PSI + 1, OPTIONS_STEPS = 32, OPTIONS_CALLERS = 256 };

struct options {
    enum options_action action;
    const char *model;   /* NULL: the bundled one */
    const char *standby; /* NULL: the same directory again */
    const char *device;
    const char *standby_device;           /* NULL: the same */
    int32_t precision, standby_precision; /* an mgeo_precision */
    bool tf32;
    uint32_t threads, batch_tokens, max_length;
    const char *pairs; /* NULL: generated ones */
    struct table_options table;
    uint32_t pairs_per_call;
    uint32_t callers;
    double rate; /* calls a second; 0: a closed loop */
    enum arrival_kind arrivals;
    double duration, warm_up;  /* seconds */
    double find_rate;          /* milliseconds that the 99th percentile may take; 0: no search */
    double every[EVENT_KINDS]; /* seconds from one such event to the next; 0: none */
    uint32_t steps[OPTIONS_STEPS];
    size_t step_count;
    const char *gate; /* a table of pairs; NULL: swaps have no gate */
    double limits[OPTIONS_LIMITS];
    double around;  /* seconds; 0: to be chosen */
    double compare; /* seconds of a block; 0: no blocks */
    bool verify;
    uint32_t seed;
    const char *json, *plot;
    bool quiet;
};

extern const struct option_table options_table; /* all that may be given */

/* Reads the command line; argv is borrowed. On failure the error holds one line. Finished with
 * options_finish, also after a failure. */
bool options_parse(struct options *options, int argc, char **argv, struct error *error);
void options_finish(struct options *options);

/* Whether the options go together; false with one line otherwise. */
bool options_check(const struct options *options, const struct option_parsed *parsed,
                   struct error *error);

/* Whether anything is to happen to the models, so that a second one is needed. */
bool options_have_events(const struct options *options);

/* Seconds before and after an event that count as around it. */
double options_around(const struct options *options);

#endif
