/* SPDX-License-Identifier: Apache-2.0 */
/* Latency over time as a drawing. */
#ifndef CLI_LOADTEST_REPORT_PLOT_H
#define CLI_LOADTEST_REPORT_PLOT_H

#include "common/string_buffer.h"
#include "loadtest/report/bench_result.h"

/* An SVG document: the median, the 99th percentile and the longest call of each stretch of time on
 * a logarithmic axis, and a line for each event. */
void plot_write(const struct bench_result *result, struct string_buffer *text);

#endif
