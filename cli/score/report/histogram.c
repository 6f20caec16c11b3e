/* SPDX-License-Identifier: Apache-2.0 */
/* Counts in equal bins over 0..1, and quantiles read back from them. */
#include "score/report/histogram.h"

#include <math.h>

void histogram_add(struct histogram *histogram, double value) {
    double clamped = fmin(fmax(value, 0.0), 1.0);
    int bin = (int)(clamped * HISTOGRAM_BINS);
    histogram->bins[bin < HISTOGRAM_BINS ? bin : HISTOGRAM_BINS - 1]++;
    if (histogram->count == 0 || clamped < histogram->least) histogram->least = clamped;
    if (histogram->count == 0 || clamped > histogram->most) histogram->most = clamped;
    histogram->sum += clamped;
    histogram->count++;
}

double histogram_quantile(const struct histogram *histogram, double q) {
    if (histogram->count == 0) return NAN;
    double rank = q * (double)histogram->count;
    double below = 0;
    for (int i = 0; i < HISTOGRAM_BINS; i++) {
        double here = (double)histogram->bins[i];
        if (here > 0 && below + here >= rank) {
            double inside = (rank - below) / here;
            double value = (i + fmax(inside, 0.0)) / HISTOGRAM_BINS;
            return fmin(fmax(value, histogram->least), histogram->most);
        }
        below += here;
    }
    return histogram->most;
}

double histogram_mean(const struct histogram *histogram) {
    return histogram->count > 0 ? histogram->sum / (double)histogram->count : NAN;
}

uint64_t histogram_shown_bin(const struct histogram *histogram, int bin) {
    enum { MERGED = HISTOGRAM_BINS / HISTOGRAM_SHOWN };
    uint64_t sum = 0;
    for (int i = bin * MERGED; i < (bin + 1) * MERGED; i++) sum += histogram->bins[i];
    return sum;
}
