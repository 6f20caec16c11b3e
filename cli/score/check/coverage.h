/* SPDX-License-Identifier: Apache-2.0 */
/* How many characters of everyday Chinese a model's vocabulary lacks. */
#ifndef CLI_SCORE_CHECK_COVERAGE_H
#define CLI_SCORE_CHECK_COVERAGE_H

#include <mgeo.h>
#include <stdbool.h>

enum { COVERAGE_SHOWN = 20 };

struct coverage {
    bool known; /* false: the system cannot tell which characters there are */
    unsigned all, lacking;
    char shown[COVERAGE_SHOWN][5]; /* the first ones that are lacking */
};

/* Asks for the 6,763 characters of GB 2312. Nothing is computed for it. */
void coverage_measure(mgeo_engine *engine, struct coverage *coverage);

/* How many of `shown` are there. */
unsigned coverage_shown(const struct coverage *coverage);

#endif
