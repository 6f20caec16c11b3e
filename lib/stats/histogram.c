/* SPDX-License-Identifier: Apache-2.0 */
/* Log-linear buckets: sixteen equal steps from each power of two of microseconds to the next. */
#include "stats/histogram.h"

#include <math.h>
#include <stdbool.h>

/* Bucket 0 lies below a microsecond; bucket 1 + 16 * d + s begins at 2^d * (16 + s) / 16 of them.
 */
enum { STEPS_LOG2 = 4, STEPS = 1 << STEPS_LOG2 };

/* A sixteenth of a microsecond is 62.5 ns, so that both directions work in halves. */
static const uint64_t half_nanoseconds = 125;

unsigned mgi_histogram_bucket(uint64_t nanoseconds) {
    if (nanoseconds >= mgi_histogram_from(MGI_HISTOGRAM_BUCKETS)) return MGI_HISTOGRAM_BUCKETS - 1;
    uint64_t sixteenths = nanoseconds * 2 / half_nanoseconds;
    if (sixteenths < STEPS) return 0;
    unsigned doublings = 63U - (unsigned)__builtin_clzll(sixteenths) - STEPS_LOG2;
    unsigned step = (unsigned)(sixteenths >> doublings) - STEPS;
    return 1 + doublings * STEPS + step;
}

uint64_t mgi_histogram_from(unsigned bucket) {
    if (bucket == 0) return 0;
    unsigned doublings = (bucket - 1) / STEPS;
    uint64_t steps = STEPS + (bucket - 1) % STEPS;
    return ((steps << doublings) * half_nanoseconds + 1) / 2;
}

uint64_t mgi_histogram_count(const mgi_histogram *histogram) {
    uint64_t count = 0;
    for (unsigned i = 0; i < MGI_HISTOGRAM_BUCKETS; i++) count += histogram->bucket[i];
    return count;
}

/* The bucket that holds the value of this rank, from 1. */
static unsigned find_bucket(const mgi_histogram *histogram, uint64_t rank) {
    uint64_t seen = 0;
    for (unsigned i = 0; i < MGI_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->bucket[i];
        if (seen >= rank) return i;
    }
    return MGI_HISTOGRAM_BUCKETS - 1;
}

double mgi_histogram_quantile(const mgi_histogram *histogram, double q) {
    uint64_t count = mgi_histogram_count(histogram);
    if (count == 0) return 0;
    uint64_t rank = (uint64_t)ceil(q * (double)count);
    if (rank < 1) rank = 1;
    if (rank > count) rank = count;
    unsigned bucket = find_bucket(histogram, rank);
    double from = (double)mgi_histogram_from(bucket);
    double to = (double)mgi_histogram_from(bucket + 1);
    bool open = bucket == MGI_HISTOGRAM_BUCKETS - 1;
    return (open ? from : (from + to) / 2) * 1e-9;
}
