/* SPDX-License-Identifier: Apache-2.0 */
/* What a run of match came to: its counts, and recall and precision where matches are known. */
#ifndef CLI_MATCH_ROWS_REPORT_H
#define CLI_MATCH_ROWS_REPORT_H

#include "match/rows/match_output.h"

/* Counts the rows of a batch of which --report tells. decisions NULL: candidates alone. */
void report_add_batch(struct run *run, const struct batch *batch,
                      const struct match_decision *decisions);

/* Says it all. False: the figures that --report is for could not be written. */
bool report_match(const struct run *run);

#endif
