/* Whether a lone batch is better computed by one core or by several. */
#include "run/parallelism.h"

#include <stdbool.h>

enum { MGI_SHORTEST_INTERVAL = 16, MGI_LONGEST_INTERVAL = 1024 };

static bool mgi_cores_prefer_wide(const mgi_cores *cores) { return cores->wide <= cores->narrow; }

unsigned mgi_cores_choose(mgi_cores *cores, unsigned offered) {
    if (offered <= 1) return 1;
    if (cores->wide == 0) return offered;
    if (cores->narrow == 0) return 1;
    bool wide = mgi_cores_prefer_wide(cores);
    if (cores->interval == 0) cores->interval = MGI_SHORTEST_INTERVAL;
    if (++cores->since > cores->interval) {
        cores->since = 0;
        if (cores->interval < MGI_LONGEST_INTERVAL) cores->interval *= 2;
        wide = !wide;
    }
    return wide ? offered : 1;
}

void mgi_cores_learn(mgi_cores *cores, unsigned used, uint32_t tokens, double seconds) {
    bool preferred_wide = mgi_cores_prefer_wide(cores);
    double *known = used > 1 ? &cores->wide : &cores->narrow;
    double rate = seconds / tokens;
    if (rate <= 0) rate = 1e-12; /* a clock too coarse: known, and as fast as can be */
    /* Better news counts more: what is slow once, at first or by chance, is soon forgotten. */
    *known = *known == 0 ? rate : *known + (rate - *known) / (rate < *known ? 2 : 4);
    if (mgi_cores_prefer_wide(cores) != preferred_wide) {
        cores->interval = MGI_SHORTEST_INTERVAL;
        cores->since = 0;
    }
}
