/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a match away from two texts that differ in what the model cannot see. */
#include "model/apart.h"

#include "model/labels.h"

/* The greatest float below 0.5: what is not a match stays below a threshold of 0.5. */
static const double less_than_half = 0.5 - 0x1p-25;

static double halved(double probability) {
    return probability / 2 < less_than_half ? probability / 2 : less_than_half;
}

static uint32_t best_other(const double *probabilities, uint32_t count, uint32_t same) {
    uint32_t best = same == 0 ? 1 : 0;
    for (uint32_t i = best + 1; i < count; i++) {
        if (i != same && probabilities[i] > probabilities[best]) best = i;
    }
    return best;
}

void mgi_apart_apply(const mgi_labels *labels, double *probabilities) {
    if (labels->count == 1) {
        probabilities[0] = halved(probabilities[0]);
        return;
    }
    uint32_t same = (uint32_t)labels->same;
    bool partial = labels->near >= 0;
    uint32_t to = partial ? (uint32_t)labels->near : best_other(probabilities, labels->count, same);
    double kept = partial ? 0 : halved(probabilities[same]);
    probabilities[to] += probabilities[same] - kept;
    probabilities[same] = kept;
}
