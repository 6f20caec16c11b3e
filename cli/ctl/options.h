/* SPDX-License-Identifier: Apache-2.0 */
/* What mgeo-ctl was asked to do: one command, its operands and its options. */
#ifndef CLI_CTL_OPTIONS_H
#define CLI_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/option_table.h"
#include "table/selection.h"
#include "table/table_options.h"

/* What the program exits with. */
enum ctl_exit {
    CTL_DONE,
    CTL_REFUSED,   /* by a condition: gate, watch, If-Match, not ready in time */
    CTL_COULD_NOT, /* no server, a bad option, a file that cannot be read */
    CTL_FAILED     /* the server failed */
};

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

/* What the operating side can work on at once, and some room for others. */
enum { OPTIONS_CONNECTIONS_MOST = 6 };

enum options_limit {
    OPTIONS_SHIFT,
    OPTIONS_SHIFT_MEAN,
    OPTIONS_SHIFT_P99,
    OPTIONS_FLIPS,
    OPTIONS_ACCURACY_LOSS,
    OPTIONS_F1_LOSS,
    OPTIONS_LATENCY_RATIO,
    OPTIONS_PSI,
    OPTIONS_GATE_LIMITS
};

enum options_watch_limit {
    OPTIONS_WATCH_ERRORS,
    OPTIONS_WATCH_NOT_FINITE,
    OPTIONS_WATCH_LATENCY_RATIO,
    OPTIONS_WATCH_PSI,
    OPTIONS_WATCH_LIMITS
};

struct options {
    const struct command *command;
    int action; /* an options_action */
    const char *const *operands;
    int operand_count;
    /* of all commands */
    const char *server, *token_file;
    bool json, quiet;
    /* of changes */
    const char *actor, *reason, *if_match;
    /* of a model */
    const char *model_version, *device, *positive_label;
    int32_t precision;
    uint32_t threads, max_length, batch_tokens;
    /* of a gate; a limit that was not given is negative */
    const char *gate;
    double limits[OPTIONS_GATE_LIMITS];
    bool full_speed;
    /* of a watch */
    double watch_seconds;
    uint32_t watch_calls, min_calls;
    double watch_limits[OPTIONS_WATCH_LIMITS];
    bool wait, require_judgement;
    /* of files */
    struct table_options table;
    struct selection_options selection;
    /* of single commands */
    double share;
    uint32_t worst, last;
    const char *event;
    bool keep_showing; /* status --watch */
    double timeout;
    const char *url;
    double load_test;
    uint32_t connections;
    bool other_labels;
};

/* A command: `run` returns a ctl_exit and has said why if it is not CTL_DONE. */
struct command {
    const char *name, *summary;
    const struct option_table *table;
    int least, most;    /* operands */
    const char *wanted; /* what is said if there are fewer or more */
    int (*run)(const struct options *options);
};

/* In the order of --help; a NULL name ends them. */
extern const struct command commands[];

/* The table of the program before any command: --help and --version. */
extern const struct option_table options_table;

/* argv is borrowed and may be reordered. False with one line in the error. Finished with
 * options_finish, also after a failure. */
bool options_parse(struct options *options, int argc, char **argv, struct error *error);
void options_finish(struct options *options);

/* --help of the program, or of the command. */
bool options_print_help(const struct options *options);

/* "2%" or "0.02", from 0 to 1. "10m", "30s", "250ms", "1h", "90": in seconds. */
bool options_parse_share(const char *name, const char *value, double *to, struct error *error);
bool options_parse_time(const char *name, const char *value, double *to, struct error *error);

#endif
