/* SPDX-License-Identifier: Apache-2.0 */
/* mgeo-score --check from load to exit status. */
#ifndef CLI_SCORE_CHECK_CHECK_RUN_H
#define CLI_SCORE_CHECK_CHECK_RUN_H

#include "score/options.h"

/* Loads, tests, compares and prints as the options say; returns the exit status: 0, 1 where
 * --expect found differences or nothing to compare, 2 for all else. Has said why on standard error.
 */
int check_run(const struct options *options);

#endif
