/* SPDX-License-Identifier: Apache-2.0 */
/* How similarities are spread, in constant memory. */
#ifndef CLI_SCORE_REPORT_HISTOGRAM_H
#define CLI_SCORE_REPORT_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BINS = 10000, HISTOGRAM_SHOWN = 20 };

struct histogram {
    uint64_t count;
    double sum, least, most;
    uint64_t bins[HISTOGRAM_BINS]; /* bin i: [i, i + 1) / HISTOGRAM_BINS; the last one holds 1 */
};

void histogram_add(struct histogram *histogram,
                   double value); /* 0..1; others count as the nearest */

/* The value that a share `q` of all values do not exceed, exact to one bin and never beyond the
 * smallest and the largest value seen; NaN without values. */
double histogram_quantile(const struct histogram *histogram, double q);

/* How many values lie in one of the HISTOGRAM_SHOWN equal bins that people are shown. */
uint64_t histogram_shown_bin(const struct histogram *histogram, int bin);
double histogram_mean(const struct histogram *histogram);

#endif
