/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as text: OpenMetrics 1.0, or the Prometheus text format 0.0.4. */
#ifndef MGI_STATS_OPENMETRICS_H
#define MGI_STATS_OPENMETRICS_H

#include "stats/histogram.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum mgi_openmetrics_type {
    MGI_OPENMETRICS_GAUGE,
    MGI_OPENMETRICS_COUNTER,
    MGI_OPENMETRICS_HISTOGRAM, /* of durations */
    MGI_OPENMETRICS_INFO       /* the labels are the information, the value is 1 */
} mgi_openmetrics_type;

/* Metrics of one name. */
typedef struct mgi_openmetrics_family {
    mgi_openmetrics_type type;
    const char *name; /* without "_total" and "_info"; ends in the unit if there is one */
    const char *unit; /* "seconds", or NULL */
    const char *help; /* one line */
} mgi_openmetrics_family;

typedef struct mgi_openmetrics_label {
    const char *name;
    const char *value; /* UTF-8, any characters */
} mgi_openmetrics_label;

/* A writer into the caller's memory; what does not fit is only counted. */
typedef struct mgi_openmetrics {
    char *text;
    size_t capacity;
    size_t length; /* of the whole text, whether it fits or not */
    bool openmetrics;
    mgi_openmetrics_family family; /* being written */
} mgi_openmetrics;

/* text may be NULL where capacity is 0. */
void mgi_openmetrics_begin(mgi_openmetrics *to, bool openmetrics, char *text, size_t capacity);

/* Ends the text, with a NUL that is not counted; returns whether all of it fitted. If not, the text
 * is made empty. */
bool mgi_openmetrics_end(mgi_openmetrics *to);

/* Begins a family: its samples follow, and those of no other. */
void mgi_openmetrics_begin_family(mgi_openmetrics *to, const mgi_openmetrics_family *family);

/* One sample of a gauge, a counter or an info. */
void mgi_openmetrics_sample(mgi_openmetrics *to, const mgi_openmetrics_label *labels, size_t count,
                            double value);

/* All samples of a histogram: its bounds lie at edges of the histogram's own buckets, so that what
 * is counted below each is exact. */
void mgi_openmetrics_histogram(mgi_openmetrics *to, const mgi_openmetrics_label *labels,
                               size_t count, const mgi_histogram *histogram);

#endif
