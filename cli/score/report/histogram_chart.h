/* SPDX-License-Identifier: Apache-2.0 */
/* The spread of similarities as bars of text. */
#ifndef CLI_SCORE_REPORT_HISTOGRAM_CHART_H
#define CLI_SCORE_REPORT_HISTOGRAM_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "common/string_buffer.h"
#include "score/report/histogram.h"

/* Appends a line for each bin, none longer than `columns` - 1 where that is at least 20. Bins that
 * hold a threshold are marked with it. */
void histogram_chart_write(const struct histogram *histogram, const double *thresholds,
                           size_t threshold_count, int columns, bool utf8,
                           struct string_buffer *text);

#endif
