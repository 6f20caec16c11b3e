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

static void put_text(mgi_openmetrics *to, const char *text) { put_bytes(to, text, strlen(text)); }

/* Both formats escape these three in a label's value, and nothing else. */
static void put_escaped(mgi_openmetrics *to, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            put_text(to, "\\n");
        } else {
            if (*text == '"' || *text == '\\') put_text(to, "\\");
            put_bytes(to, text, 1);
        }
    }
}

/* The host may have chosen a locale whose decimal point is a comma, or longer than a byte. */
static void write_decimal_point(char *number) {
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

/* No more digits than it takes to read the same number back. */
static void put_number(mgi_openmetrics *to, double value) {
    char number[48];
    if (isnan(value)) {
        put_text(to, "NaN");
    } else if (isinf(value)) {
        put_text(to, value > 0 ? "+Inf" : "-Inf");
    } else {
        snprintf(number, sizeof number, "%.15g", value);
        if (strtod(number, NULL) != value) snprintf(number, sizeof number, "%.17g", value);
        write_decimal_point(number);
        put_text(to, number);
    }
}

/* ---- families -------------------------------------------------------------------------------- */

/* What OpenMetrics appends to the family's name for its samples. */
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
    put_text(to, "# ");
    put_text(to, keyword);
    put_text(to, " ");
    put_text(to, to->family.name);
    if (!to->openmetrics) put_text(to, sample_suffix(to->family.type));
    put_text(to, " ");
    put_text(to, text);
    put_text(to, "\n");
}

void mgi_openmetrics_begin_family(mgi_openmetrics *to, const mgi_openmetrics_family *family) {
    to->family = *family;
    put_comment(to, "TYPE", type_name(to));
    if (to->openmetrics && family->unit != NULL) put_comment(to, "UNIT", family->unit);
    put_comment(to, "HELP", family->help);
}

/* ---- samples --------------------------------------------------------------------------------- */

static void put_label(mgi_openmetrics *to, const mgi_openmetrics_label *label) {
    put_text(to, label->name);
    put_text(to, "=\"");
    put_escaped(to, label->value);
    put_text(to, "\"");
}

/* NAME{LABELS,le="BOUND"} VALUE; a bound of NaN is none. */
static void put_sample(mgi_openmetrics *to, const char *suffix, const mgi_openmetrics_label *labels,
                       size_t count, double bound, double value) {
    size_t members = 0;
    put_text(to, to->family.name);
    put_text(to, suffix);
    for (size_t i = 0; i < count; i++) {
        put_text(to, members++ == 0 ? "{" : ",");
        put_label(to, &labels[i]);
    }
    if (!isnan(bound)) {
        put_text(to, members++ == 0 ? "{le=\"" : ",le=\"");
        put_number(to, bound);
        put_text(to, "\"");
    }
    put_text(to, members > 0 ? "} " : " ");
    put_number(to, value);
    put_text(to, "\n");
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
    if (to->openmetrics) put_text(to, "# EOF\n");
    bool fits = to->length < to->capacity;
    if (to->capacity > 0) to->text[fits ? to->length : 0] = '\0';
    return fits;
}
