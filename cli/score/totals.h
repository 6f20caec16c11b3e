/* SPDX-License-Identifier: Apache-2.0 */
/* What a run adds up to. */
#ifndef CLI_SCORE_TOTALS_H
#define CLI_SCORE_TOTALS_H

#include <mgeo.h>
#include <stdint.h>

#include "score/gold.h"
#include "score/histogram.h"
#include "table/chunk.h"

struct totals {
    uint64_t rows, scored, truncated, tokens, matches;
    uint64_t by_label[MGEO_MAX_LABELS];
    struct histogram similarity;
    double seconds; /* from the first row read to the last one written */
};

/* gold NULL: not compared. Rows count as matches from `threshold` on. */
void totals_add(struct totals *totals, const struct chunk *chunk, double threshold,
                struct gold *gold);

#endif
