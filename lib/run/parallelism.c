/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a batch that is alone is faster on one core or on several. */
#include "run/parallelism.h"

#include <stdbool.h>

enum { SHORTEST_INTERVAL = 16, LONGEST_INTERVAL = 1024 };

static bool prefers_parallel(const mgi_parallelism *known) {
    return known->parallel <= known->serial;
}

unsigned mgi_parallelism_choose(mgi_parallelism *known, unsigned offered) {
    if (offered <= 1) return 1;
    if (known->parallel == 0) return offered;
    if (known->serial == 0) return 1;
    bool parallel = prefers_parallel(known);
    if (known->interval == 0) known->interval = SHORTEST_INTERVAL;
    if (++known->since > known->interval) {
        known->since = 0;
        if (known->interval < LONGEST_INTERVAL) known->interval *= 2;
        parallel = !parallel;
    }
    return parallel ? offered : 1;
}

void mgi_parallelism_learn(mgi_parallelism *known, unsigned used, uint32_t tokens, double seconds) {
    bool preferred_parallel = prefers_parallel(known);
    double *smoothed = used > 1 ? &known->parallel : &known->serial;
    double rate = seconds / tokens;
    if (rate <= 0) rate = 1e-12; /* the clock is too coarse: known, and as fast as can be */
    /* Improvements weigh more: an outlier, such as the first batch, is soon forgotten. */
    *smoothed = *smoothed == 0 ? rate : *smoothed + (rate - *smoothed) / (rate < *smoothed ? 2 : 4);
    if (prefers_parallel(known) != preferred_parallel) {
        known->interval = SHORTEST_INTERVAL;
        known->since = 0;
    }
}
