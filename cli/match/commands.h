/* SPDX-License-Identifier: Apache-2.0 */
/* What each command of mgeo-match runs; struct command in match/options.h says how. */
#ifndef CLI_MATCH_COMMANDS_H
#define CLI_MATCH_COMMANDS_H

#include "match/options.h"

int command_index(const struct options *options);
int command_add(const struct options *options);
int command_remove(const struct options *options);
int command_match(const struct options *options);
int command_dedupe(const struct options *options);
int command_cluster(const struct options *options);
int command_query(const struct options *options);
int command_info(const struct options *options);

/* Says on standard error why a command ended and returns the exit status for it: an empty line
 * means that a signal came; `left` then says what became of the output, or is "". */
int commands_failed(const struct options *options, const struct error *error, const char *left);

#endif
