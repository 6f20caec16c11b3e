/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a lone batch is better computed by one core or by several. */
#include "run/parallelism.h"

#include <stdbool.h>

enum { SHORTEST_INTERVAL = 16, LONGEST_INTERVAL = 1024 };

static bool prefers_parallel(const mgi_parallelism *cores) { return cores->wide <= cores->narrow; }

unsigned mgi_parallelism_choose(mgi_parallelism *cores, unsigned offered) {
    if (offered <= 1) return 1;
    if (cores->wide == 0) return offered;
    if (cores->narrow == 0) return 1;
    bool wide = prefers_parallel(cores);
    if (cores->interval == 0) cores->interval = SHORTEST_INTERVAL;
    if (++cores->since > cores->interval) {
        cores->since = 0;
        if (cores->interval < LONGEST_INTERVAL) cores->interval *= 2;
        wide = !wide;
    }
    return wide ? offered : 1;
}

void mgi_parallelism_learn(mgi_parallelism *cores, unsigned used, uint32_t tokens, double seconds) {
    bool preferred_wide = prefers_parallel(cores);
    double *known = used > 1 ? &cores->wide : &cores->narrow;
    double rate = seconds / tokens;
    if (rate <= 0) rate = 1e-12; /* a clock too coarse: known, and as fast as can be */
    /* Better news counts more: what is slow once, at first or by chance, is soon forgotten. */
    *known = *known == 0 ? rate : *known + (rate - *known) / (rate < *known ? 2 : 4);
    if (prefers_parallel(cores) != preferred_wide) {
        cores->interval = SHORTEST_INTERVAL;
        cores->since = 0;
    }
}
