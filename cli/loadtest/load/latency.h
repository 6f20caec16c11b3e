/* SPDX-License-Identifier: Apache-2.0 */
/* How long calls took, in constant memory and to within 1%: bins of equal width between powers of
 * two. */
#ifndef CLI_LOADTEST_LOAD_LATENCY_H
#define CLI_LOADTEST_LOAD_LATENCY_H

#include <stdint.h>

enum {
    LATENCY_BITS = 6, /* 64 bins for each power of two: a bin is at most 1/64 of its value wide */
    LATENCY_TOP = 40, /* values from 2^40 ns (18 minutes) on count in the last bin */
    LATENCY_BINS = (LATENCY_TOP - LATENCY_BITS + 1) << LATENCY_BITS
};

/* All zero is empty. 2^32 calls fit into one bin. */
struct latency {
    uint64_t count;
    uint64_t sum, least, most; /* nanoseconds, exact */
    uint32_t bins[LATENCY_BINS];
};

void latency_add(struct latency *latency, uint64_t nanoseconds);
void latency_merge(struct latency *to, const struct latency *from);

/* Milliseconds that a share `q` (0..1) of the calls did not exceed: exact to half a bin, and never
 * beyond the shortest and the longest call. NaN without calls, as the others. */
double latency_quantile(const struct latency *latency, double q);
double latency_mean(const struct latency *latency);
double latency_most(const struct latency *latency);

/* Which bin holds a value, and where that bin begins. */
unsigned latency_bin(uint64_t nanoseconds);
uint64_t latency_floor(unsigned bin);

#endif
