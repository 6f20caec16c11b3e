/* SPDX-License-Identifier: Apache-2.0 */
/* Scoring from the inputs to the outputs. */
#ifndef CLI_SCORE_RUN_H
#define CLI_SCORE_RUN_H

#include "score/options.h"

enum { RUN_ALL_SCORED = 0, RUN_BAD_ROWS = 1, RUN_FAILED = 2, RUN_INTERRUPTED = 130 };

/* Scores as the options say; returns the exit status. Has said why on standard error. */
int run_score(const struct options *options);

/* Says on standard error why it ended and returns the exit status for it: an empty line means that
 * a signal came. */
int run_failed(const struct options *options, const struct error *error);

#endif
