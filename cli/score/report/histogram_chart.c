/* SPDX-License-Identifier: Apache-2.0 */
/* Fits range, rows, share, bar and mark of each bin into one line. */
#include "score/report/histogram_chart.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "common/utf8.h"

enum { NARROW = 32, MARK_BYTES = 128 }; /* columns below which the share is left out */

struct chart {
    const struct histogram *histogram;
    uint64_t bins[HISTOGRAM_SHOWN];
    uint64_t most;
    char marks[HISTOGRAM_SHOWN][MARK_BYTES];
    int rows_width; /* of the figures */
    int bar;        /* columns of the longest bar */
    bool utf8, shares;
};

static void put_marks(struct chart *chart, const double *thresholds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int bin = (int)(thresholds[i] * HISTOGRAM_SHOWN);
        char number[32], *mark = chart->marks[bin < HISTOGRAM_SHOWN ? bin : HISTOGRAM_SHOWN - 1];
        size_t used = strlen(mark);
        const char *before = used > 0 ? "," : chart->utf8 ? " ◄ " : " <- ";
        parse_print_number(thresholds[i], number, sizeof number);
        if (used + strlen(number) + 8 > MARK_BYTES) continue;
        snprintf(mark + used, MARK_BYTES - used, "%s%s", before, number);
    }
}

static int widest_mark(const struct chart *chart) {
    size_t widest = 0;
    for (int i = 0; i < HISTOGRAM_SHOWN; i++) {
        size_t columns = utf8_columns(chart->marks[i], strlen(chart->marks[i]));
        if (columns > widest) widest = columns;
    }
    return (int)widest;
}

static void fit(struct chart *chart, int columns) {
    char figure[32];
    chart->rows_width = snprintf(figure, sizeof figure, "%" PRIu64, chart->most);
    if (chart->rows_width < 6) chart->rows_width = 6;
    chart->shares = columns >= NARROW;
    int before = 9 + 1 + chart->rows_width + (chart->shares ? 8 : 0) + 2;
    int left = columns - 1 - before;
    if (left < widest_mark(chart) + 1) { /* a bar matters more than where the thresholds are */
        for (int i = 0; i < HISTOGRAM_SHOWN; i++) chart->marks[i][0] = '\0';
    }
    chart->bar = left - widest_mark(chart);
    if (chart->bar < 0) chart->bar = 0;
    if (chart->bar > 60) chart->bar = 60;
}

/* In eighths of a column where there are characters for them. A bin that is not empty shows. */
static void put_bar(const struct chart *chart, uint64_t rows, struct string_buffer *text) {
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (rows == 0 || chart->bar == 0) return;
    double length = (double)rows / (double)chart->most * chart->bar;
    int eighths = (int)(length * 8 + 0.5);
    int whole = chart->utf8 ? eighths / 8 : (int)(length + 0.5);
    for (int i = 0; i < whole; i++) string_buffer_put(text, chart->utf8 ? "█" : "#");
    if (chart->utf8) {
        string_buffer_put(text, eighths > 0 ? parts[eighths % 8] : parts[1]);
    } else if (whole == 0) {
        string_buffer_put(text, ".");
    }
}

static void put_line(const struct chart *chart, int bin, struct string_buffer *text) {
    uint64_t rows = chart->bins[bin];
    string_buffer_format(text, "%.2f-%.2f %*" PRIu64, (double)bin / HISTOGRAM_SHOWN,
                         (double)(bin + 1) / HISTOGRAM_SHOWN, chart->rows_width, rows);
    if (chart->shares) {
        string_buffer_format(text, "  %5.1f%%",
                             100.0 * (double)rows / (double)chart->histogram->count);
    }
    string_buffer_put(text, "  ");
    put_bar(chart, rows, text);
    string_buffer_put(text, chart->marks[bin]);
    while (text->bytes[text->length - 1] == ' ') text->length--;
    string_buffer_put(text, "\n");
}

void histogram_chart_write(const struct histogram *histogram, const double *thresholds,
                           size_t threshold_count, int columns, bool utf8,
                           struct string_buffer *text) {
    struct chart chart = {.histogram = histogram, .utf8 = utf8};
    if (histogram->count == 0) {
        string_buffer_put(text, "no row has a score\n");
        return;
    }
    for (int i = 0; i < HISTOGRAM_SHOWN; i++) {
        chart.bins[i] = histogram_shown_bin(histogram, i);
        if (chart.bins[i] > chart.most) chart.most = chart.bins[i];
    }
    put_marks(&chart, thresholds, threshold_count);
    fit(&chart, columns);
    string_buffer_format(text, "%-9s %*s%s\n", "score", chart.rows_width, "rows",
                         chart.shares ? "   share" : "");
    for (int i = 0; i < HISTOGRAM_SHOWN; i++) put_line(&chart, i, text);
}
