/* SPDX-License-Identifier: Apache-2.0 */
/* The commands' tables of options. */
#ifndef CLI_MATCH_OPTIONS_TABLES_H
#define CLI_MATCH_OPTIONS_TABLES_H

#include "common/option_table.h"

extern const struct option_table options_index_table, options_add_table, options_remove_table,
    options_match_table, options_dedupe_table, options_cluster_table, options_query_table,
    options_info_table;

#endif
