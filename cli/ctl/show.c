/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers with units, and one line for a model, checks, a comparison. */
#include "ctl/show.h"

#include <stdlib.h>
#include <string.h>

#include "common/files/standard_streams.h"
#include "common/message.h"

double show_number(const json_t *object, const char *name) {
    return json_number_value(json_object_get(object, name));
}

long long show_integer(const json_t *object, const char *name) {
    return (long long)json_integer_value(json_object_get(object, name));
}

const char *show_string(const json_t *object, const char *name) {
    const char *value = json_string_value(json_object_get(object, name));
    return value != NULL ? value : "";
}

static bool printed_json;

bool show_printed_json(void) { return printed_json; }

bool show_json(const json_t *json) {
    printed_json = true;
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
    struct string_buffer line = {0};
    string_buffer_format(&line, "%s\n", text != NULL ? text : "null");
    free(text);
    return show_text(&line);
}

bool show_text(struct string_buffer *text) {
    bool done = text->length == 0 || standard_streams_say(text->bytes);
    string_buffer_finish(text);
    return done;
}

void show_clean(struct string_buffer *text, const char *string) {
    string_buffer_shown(text, string, strlen(string));
}

void show_bytes(struct string_buffer *text, double bytes) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1000;
        unit++;
    }
    string_buffer_format(text, unit == 0 ? "%.0f %s" : "%.3g %s", bytes, units[unit]);
}

void show_seconds(struct string_buffer *text, double seconds) {
    if (seconds >= 1) {
        string_buffer_format(text, "%.3g s", seconds);
    } else if (seconds >= 1e-3) {
        string_buffer_format(text, "%.3g ms", seconds * 1e3);
    } else {
        string_buffer_format(text, "%.3g \u00b5s", seconds * 1e6);
    }
}

void show_model(struct string_buffer *text, const json_t *model) {
    show_clean(text, show_string(model, "version"));
    string_buffer_format(text, " (generation %lld) on %s, ", show_integer(model, "generation"),
                         show_string(model, "slot"));
    show_clean(text, show_string(model, "precision"));
    string_buffer_put(text, ", ");
    show_clean(text, show_string(model, "device"));
}

static void put_figure(struct string_buffer *text, const json_t *check, const char *name) {
    const json_t *value = json_object_get(check, name);
    if (json_is_number(value)) {
        string_buffer_format(text, "%.4g", json_number_value(value));
    } else {
        string_buffer_put(text, "unknown");
    }
}

static void put_check(struct string_buffer *text, const json_t *check, bool passed) {
    show_clean(text, show_string(check, "name"));
    string_buffer_put(text, " ");
    put_figure(text, check, "measured");
    string_buffer_put(text, passed ? " of " : " BREAKS ");
    put_figure(text, check, "limit");
}

void show_checks(struct string_buffer *text, const json_t *checks) {
    size_t i;
    json_t *check;
    bool follows = false;
    json_array_foreach(checks, i, check) {
        const json_t *passed = json_object_get(check, "passed");
        if (!json_is_boolean(passed)) continue;
        if (follows) string_buffer_put(text, ", ");
        put_check(text, check, json_is_true(passed));
        follows = true;
    }
}

void show_broken_checks(const json_t *checks) {
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check) {
        if (!json_is_false(json_object_get(check, "passed"))) continue;
        struct string_buffer text = {0};
        put_check(&text, check, false);
        message_print("%s", text.bytes);
        string_buffer_finish(&text);
    }
}

void show_comparison(struct string_buffer *text, const json_t *report) {
    long long pairs = show_integer(report, "pairs");
    string_buffer_format(text,
                         "%lld pair%s, %lld flip%s (%.3g%%), shift mean %.3g, P99 %.3g, "
                         "largest %.3g",
                         pairs, pairs == 1 ? "" : "s", show_integer(report, "flips"),
                         show_integer(report, "flips") == 1 ? "" : "s",
                         100 * show_number(report, "flip_share"), show_number(report, "shift_mean"),
                         show_number(report, "shift_p99"), show_number(report, "shift_max"));
    long long lost = show_integer(report, "lost");
    if (lost > 0) string_buffer_format(text, ", %lld LOST", lost);
    if (json_is_number(json_object_get(report, "live_accuracy"))) {
        string_buffer_format(text, ", accuracy %.4g \u2192 %.4g",
                             show_number(report, "live_accuracy"),
                             show_number(report, "standby_accuracy"));
    }
    if (json_is_number(json_object_get(report, "latency_ratio"))) {
        string_buffer_format(text, ", time \u00d7%.3g", show_number(report, "latency_ratio"));
    }
}
