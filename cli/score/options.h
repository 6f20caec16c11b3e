/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked for on the command line. */
#ifndef CLI_SCORE_OPTIONS_H
#define CLI_SCORE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/option_table.h"
#include "score/report/gold.h"
#include "scoring/cascade/cascade_options.h"
#include "scoring/model_options.h"
#include "scoring/progress.h"
#include "scoring/writer.h"
#include "table/selection.h"
#include "table/table.h"

enum options_action { OPTIONS_SCORE, OPTIONS_CHECK, OPTIONS_HELP, OPTIONS_VERSION };

struct options {
    enum options_action action;
    const char *const *inputs; /* at least one */
    size_t input_count;
    struct model_options model;
    struct cascade_options cascade;
    struct table_options table;
    struct selection_options selection;
    struct gold_map *gold_map; /* owned; NULL: none */
    struct writer_options writer;
    const char *output, *errors, *summary; /* NULL: none; output: standard output */
    bool stream;
    bool resume;
    uint32_t resume_every; /* rows between two commits; 0: the usual number */
    bool limit_errors;
    uint64_t max_errors;
    bool histogram;
    bool quiet;
    enum progress_mode progress;
    bool json;          /* of --check */
    const char *expect; /* of --check: a table of expected values; NULL: none */
    bool tolerance_given;
    double tolerance;
};

extern const struct option_table options_table; /* all that may be given */

/* Reads the command line; argv is borrowed. On failure the error holds one line. Finished with
 * options_finish, also after a failure. */
bool options_parse(struct options *options, int argc, char **argv, struct error *error);
void options_finish(struct options *options);

#endif
