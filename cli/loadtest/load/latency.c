/* SPDX-License-Identifier: Apache-2.0 */
/* Log-linear bins: the leading bit chooses the power of two, the next bits the bin within it. */
#include "loadtest/load/latency.h"

#include <math.h>

static const double NS_PER_MS = 1e6;

unsigned latency_bin(uint64_t nanoseconds) {
    if (nanoseconds < 1u << LATENCY_BITS) return (unsigned)nanoseconds;
    unsigned top = 63u - (unsigned)__builtin_clzll(nanoseconds);
    if (top >= LATENCY_TOP) return LATENCY_BINS - 1;
    unsigned within = (unsigned)(nanoseconds >> (top - LATENCY_BITS)) - (1u << LATENCY_BITS);
    return ((top - LATENCY_BITS + 1) << LATENCY_BITS) + within;
}

uint64_t latency_floor(unsigned bin) {
    unsigned octave = bin >> LATENCY_BITS;
    uint64_t within = bin & ((1u << LATENCY_BITS) - 1);
    if (octave == 0) return within;
    return (within + (1u << LATENCY_BITS)) << (octave - 1);
}

void latency_add(struct latency *latency, uint64_t nanoseconds) {
    if (latency->count == 0 || nanoseconds < latency->least) latency->least = nanoseconds;
    if (nanoseconds > latency->most) latency->most = nanoseconds;
    latency->count++;
    latency->sum += nanoseconds;
    latency->bins[latency_bin(nanoseconds)]++;
}

void latency_merge(struct latency *to, const struct latency *from) {
    if (from->count == 0) return;
    if (to->count == 0 || from->least < to->least) to->least = from->least;
    if (from->most > to->most) to->most = from->most;
    to->count += from->count;
    to->sum += from->sum;
    for (unsigned i = 0; i < LATENCY_BINS; i++) to->bins[i] += from->bins[i];
}

/* Values are taken to lie evenly in their bin. */
static double within_bin(const struct latency *latency, unsigned bin, double rank) {
    double floor = (double)latency_floor(bin), next = (double)latency_floor(bin + 1);
    double value = floor + (next - floor) * rank / latency->bins[bin];
    if (value < (double)latency->least) value = (double)latency->least;
    if (value > (double)latency->most) value = (double)latency->most;
    return value / NS_PER_MS;
}

double latency_quantile(const struct latency *latency, double q) {
    if (latency->count == 0) return NAN;
    double rank = ceil(q * (double)latency->count);
    if (rank < 1) rank = 1;
    if (rank >= (double)latency->count) return latency_most(latency);
    uint64_t before = 0;
    for (unsigned i = 0; i < LATENCY_BINS - 1; i++) {
        if ((double)(before + latency->bins[i]) >= rank) {
            return within_bin(latency, i, rank - (double)before - 0.5);
        }
        before += latency->bins[i];
    }
    return latency_most(latency);
}

double latency_mean(const struct latency *latency) {
    if (latency->count == 0) return NAN;
    return (double)latency->sum / (double)latency->count / NS_PER_MS;
}

double latency_most(const struct latency *latency) {
    return latency->count == 0 ? NAN : (double)latency->most / NS_PER_MS;
}
