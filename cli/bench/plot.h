/* Latency over time as a drawing. */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include "outcome.h"
#include "text.h"

/* An SVG document: the median, the 99th percentile and the longest call of each stretch of time on
 * a logarithmic axis, and a line for each event. */
void plot_write(const struct outcome *outcome, struct text *text);

#endif
