/* SPDX-License-Identifier: Apache-2.0 */
/* The commands' tables of options, and setters of values that other programs do not have. */
#ifndef CLI_CTL_OPTIONS_TABLES_H
#define CLI_CTL_OPTIONS_TABLES_H

#include "common/option_table.h"

option_setter options_set_share;   /* a double, "2%" or "0.02" */
option_setter options_set_seconds; /* a double, "10m" */
option_setter options_set_event;   /* a const char *, one of row->values */

extern const struct option_table options_load_table, options_check_table, options_unload_table,
    options_swap_table, options_rollback_table, options_canary_table, options_shadow_table,
    options_compare_table, options_score_table, options_status_table, options_journal_table,
    options_wait_ready_table, options_deploy_table;

/* Those that may stand before the command too: of the server, and of changes. */
extern const struct option_table options_common_table;

#endif
