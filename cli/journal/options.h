/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asks of a journal. */
#ifndef CLI_JOURNAL_OPTIONS_H
#define CLI_JOURNAL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/option_table.h"

enum options_action { OPTIONS_PRINT, OPTIONS_VERIFY, OPTIONS_HELP, OPTIONS_VERSION };

struct options {
    enum options_action action;
    const char *path;
    const char *event; /* only these; NULL: all */
    uint64_t last;     /* only the last N; 0: all */
    bool json;         /* lines as they are */
    char hash[65];     /* must stand in the chain, in lower case; "": none is expected */
};

extern const struct option_table options_table; /* all that may be given */

/* Reads the command line; argv is borrowed. On failure the error holds one line. */
bool options_parse(struct options *options, int argc, char **argv, struct error *error);

#endif
