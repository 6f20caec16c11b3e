/* SPDX-License-Identifier: Apache-2.0 */
/* Lays one line of the journal out for people. */
#include "journal/event_row.h"

#include <stdbool.h>
#include <string.h>

#define HEADING_FORMAT "%6s  %-20s  %-11s  %-12s  %s\n"

/* The members that every line has, and that the row shows in places of their own. */
static bool is_common(const char *key) {
    static const char *const keys[] = {"seq", "time", "event", "actor", "reason", "prev"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(key, keys[i]) == 0) return true;
    }
    return false;
}

static bool is_model(const json_t *value) {
    return json_is_object(value) && json_object_get(value, "generation") != NULL;
}

/* Texts come from whoever acted: what is invisible or could steer a terminal becomes \xNN. */
static void put_clean(struct string_buffer *text, const char *string) {
    string_buffer_shown(text, string, strlen(string));
}

static void put_column(struct string_buffer *text, const json_t *line, const char *key, int width) {
    const char *value = json_string_value(json_object_get(line, key));
    string_buffer_shown_column(text, value != NULL ? value : "-", -width);
}

/* "2026-11-22T09:30:00.123456Z" to the second: "2026-11-22T09:30:00Z". */
static void put_time(struct string_buffer *text, const json_t *line) {
    const char *time = json_string_value(json_object_get(line, "time"));
    bool known = time != NULL && strlen(time) == strlen("2026-11-22T09:30:00.123456Z");
    struct string_buffer cut = {0};
    string_buffer_format(&cut, "%.19s%s", known ? time : "-", known ? "Z" : "");
    put_clean(text, cut.bytes);
    if (!known) string_buffer_format(text, "%19s", "");
    string_buffer_finish(&cut);
}

static void put_model(struct string_buffer *text, const json_t *model) {
    const char *version = json_string_value(json_object_get(model, "version"));
    put_clean(text, version != NULL ? version : "");
    string_buffer_format(text, " (%lld)",
                         (long long)json_integer_value(json_object_get(model, "generation")));
}

/* "v1 (3) → v2 (4)", or the one model that the event is about. */
static void put_models(struct string_buffer *text, const json_t *line) {
    const json_t *from = json_object_get(line, "from");
    const json_t *to = json_object_get(line, "to");
    if (is_model(from) && is_model(to)) {
        put_model(text, from);
        string_buffer_put(text, " \u2192 ");
        put_model(text, to);
        string_buffer_put(text, "  ");
        return;
    }
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)line, key, value) {
        if (!is_model(value)) continue;
        put_model(text, value);
        string_buffer_put(text, "  ");
    }
}

static void put_value(struct string_buffer *text, const json_t *value) {
    if (json_is_string(value)) {
        string_buffer_put(text, "\"");
        put_clean(text, json_string_value(value));
        string_buffer_put(text, "\"");
    } else if (json_is_integer(value)) {
        string_buffer_format(text, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        string_buffer_format(text, "%.4g", json_real_value(value));
    } else if (json_is_boolean(value)) {
        string_buffer_put(text, json_is_true(value) ? "yes" : "no");
    } else {
        string_buffer_put(text, "…");
    }
}

/* "psi 0.25 BROKEN limit 0.2"; a figure without a limit is left out. */
static void put_checks(struct string_buffer *text, const json_t *checks) {
    size_t i;
    json_t *check;
    json_array_foreach(checks, i, check) {
        const json_t *passed = json_object_get(check, "passed");
        const char *name = json_string_value(json_object_get(check, "name"));
        if (!json_is_boolean(passed)) continue;
        put_clean(text, name != NULL ? name : "");
        string_buffer_put(text, " ");
        put_value(text, json_object_get(check, "measured"));
        string_buffer_put(text, json_is_true(passed) ? " of " : " BREAKS ");
        put_value(text, json_object_get(check, "limit"));
        string_buffer_put(text, "  ");
    }
}

static void put_figures(struct string_buffer *text, const json_t *line) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)line, key, value) {
        if (is_common(key) || is_model(value) || json_is_null(value)) continue;
        if (json_is_array(value)) {
            put_checks(text, value);
            continue;
        }
        put_clean(text, key);
        string_buffer_put(text, "=");
        put_value(text, value);
        string_buffer_put(text, "  ");
    }
}

void event_row_heading(struct string_buffer *text) {
    string_buffer_format(text, HEADING_FORMAT, "line", "time (UTC)", "event", "actor",
                         "models (generations), reason, figures");
}

void event_row_write(struct string_buffer *text, const json_t *line) {
    const char *reason = json_string_value(json_object_get(line, "reason"));
    string_buffer_format(text, "%6lld  ",
                         (long long)json_integer_value(json_object_get(line, "seq")));
    put_time(text, line);
    string_buffer_put(text, "  ");
    put_column(text, line, "event", 11); /* "load_failed" */
    string_buffer_put(text, "  ");
    put_column(text, line, "actor", 12);
    string_buffer_put(text, "  ");
    put_models(text, line);
    if (reason != NULL && reason[0] != '\0') {
        put_clean(text, reason);
        string_buffer_put(text, "  ");
    }
    put_figures(text, line);
    while (text->length > 0 && text->bytes[text->length - 1] == ' ') text->length--;
    string_buffer_put(text, "\n");
}
