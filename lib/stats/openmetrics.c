/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as text: lines, names, escapes and numbers. */
#include "stats/openmetrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- characters ------------------------------------------------------------------------------ */

static void put_bytes(mgi_openmetrics *to, const char *bytes, size_t count) {
    if (to->length < to->capacity) {
        size_t room = to->capacity - to->length;
        memcpy(to->text + to->length, bytes, count < room ? count : room);
    }
    to->length += count;
}

static void mgi_put(mgi_openmetrics *to, const char *text) { put_bytes(to, text, strlen(text)); }

/* Both formats escape these three in a label's value, and nothing else. */
static void put_escaped(mgi_openmetrics *to, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            mgi_put(to, "\\n");
        } else {
            if (*text == '"' || *text == '\\') mgi_put(to, "\\");
            put_bytes(to, text, 1);
        }
    }
}

/* The host may have chosen a locale that writes a comma, or something longer. */
static void make_point(char *number) {
    char *out = number;
    bool pointed = false;
    for (const char *in = number; *in != '\0'; in++) {
        if (strchr("0123456789+-e", *in) != NULL) {
            *out++ = *in;
        } else if (!pointed) {
            *out++ = '.';
            pointed = true;
        }
    }
    *out = '\0';
}

/* Digits that give the same number back, no more than that takes. */
static void put_number(mgi_openmetrics *to, double value) {
    char number[48];
    if (isnan(value)) {
        mgi_put(to, "NaN");
    } else if (isinf(value)) {
        mgi_put(to, value > 0 ? "+Inf" : "-Inf");
    } else {
        snprintf(number, sizeof number, "%.15g", value);
        if (strtod(number, NULL) != value) snprintf(number, sizeof number, "%.17g", value);
        make_point(number);
        mgi_put(to, number);
    }
}

/* ---- families -------------------------------------------------------------------------------- */

/* What a sample's name has that its family's, in OpenMetrics, has not. */
static const char *sample_suffix(mgi_openmetrics_type type) {
    if (type == MGI_OPENMETRICS_COUNTER) return "_total";
    return type == MGI_OPENMETRICS_INFO ? "_info" : "";
}

static const char *type_name(const mgi_openmetrics *to) {
    switch (to->family.type) {
    case MGI_OPENMETRICS_COUNTER: return "counter";
    case MGI_OPENMETRICS_HISTOGRAM: return "histogram";
    case MGI_OPENMETRICS_INFO: return to->openmetrics ? "info" : "gauge";
    case MGI_OPENMETRICS_GAUGE: break;
    }
    return "gauge";
}

static void put_comment(mgi_openmetrics *to, const char *keyword, const char *text) {
    mgi_put(to, "# ");
    mgi_put(to, keyword);
    mgi_put(to, " ");
    mgi_put(to, to->family.name);
    if (!to->openmetrics) mgi_put(to, sample_suffix(to->family.type));
    mgi_put(to, " ");
    mgi_put(to, text);
    mgi_put(to, "\n");
}

void mgi_openmetrics_begin_family(mgi_openmetrics *to, const mgi_openmetrics_family *family) {
    to->family = *family;
    put_comment(to, "TYPE", type_name(to));
    if (to->openmetrics && family->unit != NULL) put_comment(to, "UNIT", family->unit);
    put_comment(to, "HELP", family->help);
}

/* ---- samples --------------------------------------------------------------------------------- */

static void put_label(mgi_openmetrics *to, const mgi_openmetrics_label *label) {
    mgi_put(to, label->name);
    mgi_put(to, "=\"");
    put_escaped(to, label->value);
    mgi_put(to, "\"");
}

/* NAME{LABELS,le="BOUND"} VALUE; a bound of NaN is none. */
static void put_sample(mgi_openmetrics *to, const char *suffix, const mgi_openmetrics_label *labels,
                       size_t count, double bound, double value) {
    size_t members = 0;
    mgi_put(to, to->family.name);
    mgi_put(to, suffix);
    for (size_t i = 0; i < count; i++) {
        mgi_put(to, members++ == 0 ? "{" : ",");
        put_label(to, &labels[i]);
    }
    if (!isnan(bound)) {
        mgi_put(to, members++ == 0 ? "{le=\"" : ",le=\"");
        put_number(to, bound);
        mgi_put(to, "\"");
    }
    mgi_put(to, members > 0 ? "} " : " ");
    put_number(to, value);
    mgi_put(to, "\n");
}

void mgi_openmetrics_sample(mgi_openmetrics *to, const mgi_openmetrics_label *labels, size_t count,
                            double value) {
    put_sample(to, sample_suffix(to->family.type), labels, count, NAN, value);
}

/* A bound at every doubling from 64 microseconds to 33.6 seconds. A duration that falls on one to
 * the nanosecond is counted above it. */
void mgi_openmetrics_histogram(mgi_openmetrics *to, const mgi_openmetrics_label *labels,
                               size_t count, const mgi_histogram *histogram) {
    enum { FIRST = 6, LAST = 25, STEPS = 16 };
    uint64_t seen = 0;
    unsigned bucket = 0;
    for (unsigned doublings = FIRST; doublings <= LAST; doublings++) {
        unsigned end = 1 + doublings * STEPS;
        for (; bucket < end; bucket++) seen += histogram->bucket[bucket];
        double bound = 1e-6 * (double)(UINT64_C(1) << doublings);
        put_sample(to, "_bucket", labels, count, bound, (double)seen);
    }
    for (; bucket < MGI_HISTOGRAM_BUCKETS; bucket++) seen += histogram->bucket[bucket];
    put_sample(to, "_bucket", labels, count, INFINITY, (double)seen);
    double seconds = 1e-9 * (double)histogram->sum_nanoseconds;
    put_sample(to, "_sum", labels, count, NAN, seconds);
    put_sample(to, "_count", labels, count, NAN, (double)seen);
}

/* ---- the text -------------------------------------------------------------------------------- */

void mgi_openmetrics_begin(mgi_openmetrics *to, bool openmetrics, char *text, size_t capacity) {
    *to = (mgi_openmetrics){.text = text, .capacity = capacity, .openmetrics = openmetrics};
}

bool mgi_openmetrics_end(mgi_openmetrics *to) {
    if (to->openmetrics) mgi_put(to, "# EOF\n");
    bool fits = to->length < to->capacity;
    if (to->capacity > 0) to->text[fits ? to->length : 0] = '\0';
    return fits;
}
