/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands do, each in the file that its comment names; all return a ctl_exit. */
#ifndef CLI_CTL_COMMANDS_H
#define CLI_CTL_COMMANDS_H

#include "ctl/options.h"

typedef int command_run(const struct options *options);

command_run command_load, command_check, command_unload;         /* model.c */
command_run command_swap, command_rollback;                      /* swap.c */
command_run command_canary, command_shadow;                      /* share.c */
command_run command_compare, command_score;                      /* compare.c */
command_run command_status, command_journal, command_wait_ready; /* status.c … */
command_run command_deploy;                                      /* deploy.c */

#endif
