/* SPDX-License-Identifier: Apache-2.0 */
/* What match writes of a batch: the rows with what was decided, those without a match, or pairs. */
#ifndef CLI_MATCH_ROWS_MATCH_OUTPUT_H
#define CLI_MATCH_ROWS_MATCH_OUTPUT_H

#include "match/run.h"

enum match_state { MATCH_FOUND, MATCH_BELOW, MATCH_NOTHING, MATCH_TAKEN, MATCH_STATES };

struct one_to_one;

struct match_decision {
    enum match_state state;
    struct batch_pair best, second;
};

struct match_output {
    struct run *run;
    const struct one_to_one *given; /* decides; NULL: each row by itself */
    struct match_decision *decisions;
    size_t capacity;
    struct added_column columns[8], unmatched_columns[8];
    const char *labels[MGEO_MAX_LABELS];
    struct writer unmatched;
    struct chunk left; /* the unmatched rows of a batch, which borrow its bytes */
    const struct match_decision **left_decisions;
};

/* Sets up the run's writers: that of rows, or that of pairs, with the sinks that the run has. */
void match_output_init(struct match_output *output, struct run *run, const struct table *table);
void match_output_finish(struct match_output *output);

/* Decides, counts and writes. */
bool match_output_batch(struct match_output *output, struct batch *batch, struct error *error);

#endif
