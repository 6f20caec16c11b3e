/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asks of a journal. */
#ifndef CLI_JOURNAL_QUERY_H
#define CLI_JOURNAL_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum query_action { QUERY_PRINT, QUERY_VERIFY, QUERY_HELP, QUERY_VERSION };

struct query {
    enum query_action action;
    const char *path;
    const char *event; /* only these; NULL: all */
    uint64_t last;     /* only so many, the last ones; 0: all */
    bool json;         /* lines as they are */
    char hash[65];     /* must stand in the chain, in lower case; "": none is expected */
};

bool query_parse(struct query *query, int argc, char **argv, struct fault *fault);

#endif
