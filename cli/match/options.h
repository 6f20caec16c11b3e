/* SPDX-License-Identifier: Apache-2.0 */
/* What mgeo-match was asked to do: one command, its operands and its options. */
#ifndef CLI_MATCH_OPTIONS_H
#define CLI_MATCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/option_table.h"
#include "scoring/cascade/cascade_options.h"
#include "scoring/model_options.h"
#include "scoring/progress.h"
#include "scoring/writer.h"
#include "table/table_options.h"

enum options_action { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

/* What the program exits with. */
enum match_exit { MATCH_DONE = 0, MATCH_BAD_ROWS = 1, MATCH_FAILED = 2, MATCH_INTERRUPTED = 130 };

struct options {
    const struct command *command;
    int action; /* an options_action */
    const char *const *operands;
    size_t operand_count;
    /* tables: that of the command, and the reference of match */
    struct table_options table, reference;
    /* of what is read and written */
    const char *output, *errors;   /* NULL: none; output: standard output */
    const char *unmatched, *pairs; /* NULL: none */
    const char *report;            /* a table of pairs of ids that are known to match */
    const char *from;              /* a table of ids */
    struct writer_options writer;  /* format and compression alone */
    bool limit_errors;
    uint64_t max_errors;
    bool resume;
    uint32_t resume_every; /* rows between two commits; 0: the usual number */
    /* candidates */
    bool candidates; /* pairs alone, no model */
    uint32_t top, effort;
    double least;
    /* decisions */
    struct model_options model;
    struct cascade_options cascade;
    double threshold;
    bool one_to_one;
    /* clusters */
    uint32_t max_size;
    double least_link;
    int32_t cut; /* an mgeo_cut */
    double thresholds[WRITER_THRESHOLDS];
    size_t threshold_count;
    const char *previous; /* an earlier output of clusters; NULL: none */
    /* the rest */
    bool json, quiet;
    enum progress_mode progress;
};

/* A command: `run` returns a match_exit and has said why if it is not MATCH_DONE. */
struct command {
    const char *name, *summary;
    const struct option_table *table;
    size_t least, most; /* operands */
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

#endif
