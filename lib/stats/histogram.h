/* SPDX-License-Identifier: Apache-2.0 */
/* A histogram of durations with a fixed relative error: one microsecond to an hour. */
#ifndef MGI_STATS_HISTOGRAM_H
#define MGI_STATS_HISTOGRAM_H

#include <stdint.h>

/* Sixteen buckets to a doubling: a value is known to 6.25%, its bucket's middle to 3.2%. */
enum { MGI_HISTOGRAM_BUCKETS = 528 };

/* All zero is ready to use. A plain copy: the runner's own, which many threads add to, is in
 * stats/counters.h. */
typedef struct mgi_histogram {
    uint64_t bucket[MGI_HISTOGRAM_BUCKETS];
    uint64_t sum_nanoseconds;
} mgi_histogram;

/* The bucket of a duration; the first holds all below a microsecond, the last all above its start.
 */
unsigned mgi_histogram_bucket(uint64_t nanoseconds);

/* Where the bucket begins, in nanoseconds; bucket MGI_HISTOGRAM_BUCKETS begins where the last ends.
 */
uint64_t mgi_histogram_from(unsigned bucket);

uint64_t mgi_histogram_count(const mgi_histogram *histogram);

/* The q-quantile in seconds, 0 <= q <= 1, by the nearest rank; 0 if the histogram is empty. */
double mgi_histogram_quantile(const mgi_histogram *histogram, double q);

#endif
