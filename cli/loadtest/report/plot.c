/* SPDX-License-Identifier: Apache-2.0 */
/* SVG by hand: axes, three lines, events, a legend. */
#include "loadtest/report/plot.h"

#include <inttypes.h>
#include <math.h>
#include <mgeo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "loadtest/load/event_scheduler.h"

enum { WIDTH = 1200, HEIGHT = 560, LEFT = 78, RIGHT = 24, TOP = 86, BOTTOM = 56 };
enum {
    DRAWN = 300, /* events of a kind that get a line of their own */
    POINTS = 400 /* of a line, at most */
};

struct frame {
    double seconds;     /* from the end of the warm-up */
    double least, most; /* milliseconds; powers of ten */
    size_t merged;      /* bins of the timeline to a point */
};

struct series {
    const char *name, *colour;
    double q; /* above 1: the maximum */
    double width;
};

static const struct series series[] = {
    {"longest", "#9aa5b1", 2, 1.1}, {"P99", "#d1495b", 0.99, 1.6}, {"P50", "#1d5a99", 0.5, 1.8}};

enum { SERIES = sizeof series / sizeof *series };

static const char *const event_colours[EVENT_KINDS] = {"#2e9e4f", "#e08e0b", "#7b4ab8", "#7a5c3e"};

static double x_of(const struct frame *frame, double seconds) {
    return LEFT + seconds / frame->seconds * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct frame *frame, double milliseconds) {
    double share = log10(milliseconds / frame->least) / log10(frame->most / frame->least);
    if (share < 0) share = 0;
    return HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP);
}

static double value_of(const struct latency *latency, double q) {
    return q > 1 ? latency_most(latency) : latency_quantile(latency, q);
}

/* The calls of the bins from `first` on that make a point; false if there are none. */
static bool get_point(const struct trial_stats *stats, const struct frame *frame, size_t first,
                      struct latency *point) {
    memset(point, 0, sizeof *point);
    for (size_t i = first; i < first + frame->merged && i < stats->grid.bins; i++) {
        latency_merge(point, &stats->timeline[i]);
    }
    return point->count > 0;
}

/* From the lowest median to the longest call, in whole powers of ten. */
static void fit(const struct trial_stats *stats, struct frame *frame) {
    double least = INFINITY, most = 0;
    struct latency *point = memory_resize(NULL, 1, sizeof *point);
    frame->merged = (stats->grid.bins + POINTS - 1) / POINTS;
    for (size_t i = 0; i < stats->grid.bins; i += frame->merged) {
        if (!get_point(stats, frame, i, point)) continue;
        least = fmin(least, latency_quantile(point, 0.5));
        most = fmax(most, latency_most(point));
    }
    free(point);
    frame->seconds = (double)(stats->grid.end - stats->grid.warm) * 1e-9;
    frame->least = most > 0 ? pow(10, floor(log10(least))) : 0.1;
    frame->most = most > 0 ? pow(10, ceil(log10(most))) : 10;
    if (!(frame->most > frame->least)) frame->most = frame->least * 10;
}

static void line(struct string_buffer *text, double x1, double y1, double x2, double y2,
                 const char *style) {
    string_buffer_format(text, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1,
                         y1, x2, y2, style);
}

static void label(struct string_buffer *text, double x, double y, const char *style,
                  const char *words) {
    string_buffer_format(text, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
    struct string_buffer shown = {0}; /* XML holds no controls, not even as references */
    string_buffer_shown(&shown, words, strlen(words));
    for (size_t i = 0; i < shown.length; i++) {
        switch (shown.bytes[i]) {
        case '<': string_buffer_put(text, "&lt;"); break;
        case '>': string_buffer_put(text, "&gt;"); break;
        case '&': string_buffer_put(text, "&amp;"); break;
        default: string_buffer_add(text, shown.bytes + i, 1);
        }
    }
    string_buffer_finish(&shown);
    string_buffer_put(text, "</text>\n");
}

/* 1, 2 or 5 times a power of ten, so that there are about ten steps. */
static double step_of(double length) {
    double power = pow(10, floor(log10(length / 10)));
    double share = length / 10 / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static void draw_time_axis(const struct frame *frame, struct string_buffer *text) {
    double step = step_of(frame->seconds);
    for (int i = 0; i * step <= frame->seconds * 1.0001; i++) {
        char words[32];
        double x = x_of(frame, i * step);
        snprintf(words, sizeof words, "%g", i * step);
        line(text, x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 5, "stroke=\"#333\"");
        label(text, x, HEIGHT - BOTTOM + 20, "text-anchor=\"middle\"", words);
    }
    label(text, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12, "text-anchor=\"middle\"",
          "time since the end of the warm-up, s");
}

/* The lines of one power of ten, the first of them strong. */
static void draw_decade(const struct frame *frame, double power, struct string_buffer *text) {
    for (int i = 1; i < 10 && power * i < frame->most * 1.01; i++) {
        double y = y_of(frame, power * i);
        line(text, LEFT, y, WIDTH - RIGHT, y, i == 1 ? "stroke=\"#c8ccd1\"" : "stroke=\"#eef0f2\"");
        char words[32];
        snprintf(words, sizeof words, "%g", power * i);
        if (i == 1 || ((i == 2 || i == 5) && frame->most / frame->least < 2000)) {
            label(text, LEFT - 8, y + 4, "text-anchor=\"end\"", words);
        }
    }
}

static void draw_latency_axis(const struct frame *frame, struct string_buffer *text) {
    int decades = (int)lround(log10(frame->most / frame->least));
    for (int i = 0; i <= decades; i++) draw_decade(frame, frame->least * pow(10, i), text);
    string_buffer_format(text,
                         "<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">"
                         "latency of a call, ms</text>\n",
                         (HEIGHT - BOTTOM + TOP) / 2);
}

static void draw_blocks(const struct bench_result *result, const struct frame *frame,
                        struct string_buffer *text) {
    double block = result->options->compare;
    if (!(block > 0)) return;
    for (uint64_t i = 0; (double)(i + 1) * block <= frame->seconds * 1.0001; i++) {
        if (!event_scheduler_block_has_events(i)) continue;
        double from = x_of(frame, (double)i * block), to = x_of(frame, (double)(i + 1) * block);
        string_buffer_format(
            text,
            "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"#2e9e4f\" "
            "fill-opacity=\"0.07\"/>\n",
            from, TOP, to - from, HEIGHT - BOTTOM - TOP);
    }
}

/* A thin line, or a band for events that last. */
static void draw_event(const struct event *event, enum event_kind kind,
                       const struct recorder_grid *grid, const struct frame *frame,
                       struct string_buffer *text) {
    if (event->status != MGEO_OK) return;
    double from = x_of(frame, (double)(event->begun - grid->warm) * 1e-9);
    double to = x_of(frame, (double)(event->ended - grid->warm) * 1e-9);
    if (to > WIDTH - RIGHT) to = WIDTH - RIGHT;
    if (to - from > 2) {
        string_buffer_format(text,
                             "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" "
                             "fill-opacity=\"0.13\"/>\n",
                             from, TOP, to - from, HEIGHT - BOTTOM - TOP, event_colours[kind]);
    }
    char style[128];
    snprintf(style, sizeof style,
             "class=\"%s\" stroke=\"%s\" stroke-opacity=\"0.55\" stroke-width=\"1\"",
             event_log_kind_name(kind), event_colours[kind]);
    line(text, from, TOP, from, HEIGHT - BOTTOM, style);
}

static void draw_events(const struct bench_result *result, const struct frame *frame,
                        struct string_buffer *text) {
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        const struct event_log *log = &result->logs[kind];
        uint32_t count = atomic_load(&log->count);
        if (count > DRAWN) continue;
        for (uint32_t i = 0; i < count; i++) {
            draw_event(&log->events[i], (enum event_kind)kind, &result->stats.grid, frame, text);
        }
    }
}

static void draw_series(const struct trial_stats *stats, const struct series *drawn,
                        const struct frame *frame, struct string_buffer *text) {
    string_buffer_format(text,
                         "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" "
                         "stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"",
                         drawn->colour, drawn->width);
    struct latency *point = memory_resize(NULL, 1, sizeof *point);
    bool down = false;
    for (size_t i = 0; i < stats->grid.bins; i += frame->merged) {
        bool any = get_point(stats, frame, i, point);
        double middle = ((double)i + 0.5 * (double)frame->merged) * (double)stats->grid.bin;
        double x = x_of(frame, fmin(middle * 1e-9, frame->seconds));
        if (any) {
            string_buffer_format(text, down ? " L%.1f %.1f" : " M%.1f %.1fh0", x,
                                 y_of(frame, value_of(point, drawn->q)));
        }
        down = any;
    }
    free(point);
    string_buffer_put(text, "\"/>\n");
}

static double draw_key(struct string_buffer *text, double x, const char *colour, double width,
                       const char *words) {
    char style[96];
    snprintf(style, sizeof style, "stroke=\"%s\" stroke-width=\"%.1f\"", colour, width);
    line(text, x, TOP - 18, x + 26, TOP - 18, style);
    label(text, x + 32, TOP - 14, "", words);
    return x + 32 + 7.2 * (double)strlen(words) + 26;
}

static void draw_legend(const struct bench_result *result, struct string_buffer *text) {
    double x = LEFT;
    for (int i = SERIES - 1; i >= 0; i--) {
        x = draw_key(text, x, series[i].colour, series[i].width, series[i].name);
    }
    for (int i = 0; i < EVENT_KINDS; i++) {
        const struct event_log *log = &result->logs[i];
        uint32_t count = atomic_load(&log->count);
        char words[96];
        if (count == 0) continue;
        snprintf(words, sizeof words, "%s (%" PRIu64 "%s)", event_log_kind_name((enum event_kind)i),
                 event_log_done(log), count > DRAWN ? ", too many to draw" : "");
        x = draw_key(text, x, event_colours[i], 2, words);
    }
    if (result->options->compare > 0) label(text, x, TOP - 14, "", "shaded: blocks with events");
}

/* Three digits, and never "1.2e+03". */
static const char *short_number(double value, char to[32]) {
    snprintf(to, 32, value >= 100 ? "%.0f" : "%.3g", value);
    return to;
}

static void draw_titles(const struct bench_result *result, const struct frame *frame,
                        struct string_buffer *text) {
    const struct trial_stats *stats = &result->stats;
    const mgeo_model_info *info = &result->rollout->info[0];
    char words[256], how[64], p50[32], p99[32], p999[32], most[32];
    if (stats->rate > 0) {
        snprintf(how, sizeof how, "open loop, %g calls/s due", stats->rate);
    } else {
        snprintf(how, sizeof how, "closed loop");
    }
    snprintf(words, sizeof words, "%s on %s: %s, %u callers", info->version, info->device, how,
             (unsigned)result->options->callers);
    label(text, LEFT, 28, "font-size=\"17\" font-weight=\"bold\"", words);
    snprintf(words, sizeof words,
             "%.1f calls/s answered, %" PRIu64 " failed; P50 %s ms, P99 %s ms, P99.9 %s ms, "
             "longest %s ms; a point every %.3g s",
             trial_stats_call_rate(stats), stats->failed,
             short_number(latency_quantile(&stats->all, 0.5), p50),
             short_number(latency_quantile(&stats->all, 0.99), p99),
             short_number(latency_quantile(&stats->all, 0.999), p999),
             short_number(latency_most(&stats->all), most),
             (double)(frame->merged * stats->grid.bin) * 1e-9);
    label(text, LEFT, 48, "fill=\"#555\"", words);
}

void plot_write(const struct bench_result *result, struct string_buffer *text) {
    struct frame frame;
    fit(&result->stats, &frame);
    string_buffer_format(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
        WIDTH, HEIGHT, WIDTH, HEIGHT);
    draw_titles(result, &frame, text);
    draw_legend(result, text);
    draw_blocks(result, &frame, text);
    draw_latency_axis(&frame, text);
    draw_events(result, &frame, text);
    for (int i = 0; i < SERIES; i++) draw_series(&result->stats, &series[i], &frame, text);
    draw_time_axis(&frame, text);
    line(text, LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "stroke=\"#333\"");
    line(text, LEFT, TOP, LEFT, HEIGHT - BOTTOM, "stroke=\"#333\"");
    string_buffer_put(text, "</svg>\n");
}
