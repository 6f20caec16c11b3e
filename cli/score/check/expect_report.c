/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of --expect, its largest difference and the first rows that differ. */
#include "score/check/expect_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- lines ----------------------------------------------------------------------------------- */

/* A name from the table, on one line. */
static void put_name(struct string_buffer *text, const char *name) {
    string_buffer_escaped_cell(text, name, strlen(name));
}

static void text_columns(const struct expect_result *result, struct string_buffer *text) {
    string_buffer_format(text, "expected       %s", result->path);
    for (size_t i = 0; i < result->column_count; i++) {
        string_buffer_put(text, i == 0 ? ": " : ", ");
        put_name(text, result->columns[i]);
        if (strcmp(result->columns[i], result->values[i]) == 0) continue;
        string_buffer_put(text, " (");
        put_name(text, result->values[i]);
        string_buffer_put(text, ")");
    }
    string_buffer_put(text, "\n");
}

static void text_value(const struct expect_value *value, struct string_buffer *text) {
    string_buffer_format(text, "line %" PRIu64 ": ", value->line);
    put_name(text, value->column);
    string_buffer_put(text, " ");
    if (value->answered[0] != '\0') {
        put_name(text, value->answered);
        string_buffer_put(text, ", ");
    }
    string_buffer_put(text, "expected ");
    put_name(text, value->expected);
    if (value->reason[0] != '\0') string_buffer_format(text, " (%s)", value->reason);
    if (!isnan(value->difference)) {
        string_buffer_format(text, " (%.1e off)", value->difference);
    }
    string_buffer_put(text, "\n");
}

static void text_counts(const struct expect_result *result, struct string_buffer *text) {
    bool any = result->compared > 0;
    string_buffer_format(text, "  %-7s rows compared: %" PRIu64 " of %" PRIu64,
                         any ? "ok" : "FAILED", result->compared, result->rows);
    if (result->without_score > 0) {
        string_buffer_format(text, "; without a score: %" PRIu64, result->without_score);
    }
    if (result->without_value > 0) {
        string_buffer_format(text, "; nothing expected: %" PRIu64, result->without_value);
    }
    string_buffer_put(text, "\n");
    if (!result->measured) return;
    string_buffer_put(text, "          largest difference, ");
    text_value(&result->largest, text);
}

static void text_differing(const struct expect_result *result, struct string_buffer *text) {
    string_buffer_format(text, "  %-7s rows that differ by more than %g: %" PRIu64,
                         result->differing == 0 ? "ok" : "FAILED", result->tolerance,
                         result->differing);
    if (result->labels_differing > 0) {
        string_buffer_format(text, ", in the label: %" PRIu64, result->labels_differing);
    }
    if (result->labels_tied > 0) {
        string_buffer_format(text, "; other labels as likely: %" PRIu64, result->labels_tied);
    }
    string_buffer_put(text, "\n");
    for (size_t i = 0; i < result->shown_count; i++) {
        string_buffer_put(text, "          ");
        text_value(&result->shown[i], text);
    }
    if (result->differing > result->shown_count) {
        string_buffer_format(text, "          … and %" PRIu64 " more\n",
                             result->differing - result->shown_count);
    }
}

void expect_report_text(const struct expect_result *result, struct string_buffer *text) {
    text_columns(result, text);
    text_counts(result, text);
    if (result->compared > 0 || result->differing > 0) text_differing(result, text);
    string_buffer_put(text, result->passed ? "as expected\n" : "NOT AS EXPECTED\n");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_value(const char *key, const struct expect_value *value,
                       struct json_writer *json) {
    json_writer_open(json, key, '{');
    json_writer_integer(json, "line", value->line);
    json_writer_string(json, "column", value->column);
    if (value->answered[0] != '\0') {
        json_writer_string(json, "answered", value->answered);
    } else {
        json_writer_null(json, "answered");
    }
    json_writer_string(json, "expected", value->expected);
    json_writer_small_number(json, "difference", value->difference);
    if (value->reason[0] != '\0') json_writer_string(json, "reason", value->reason);
    json_writer_close(json, '}');
}

static void json_columns(const struct expect_result *result, struct json_writer *json) {
    json_writer_open(json, "columns", '{');
    for (size_t i = 0; i < result->column_count; i++) {
        json_writer_string(json, result->values[i], result->columns[i]);
    }
    json_writer_close(json, '}');
}

static void json_figures(const struct expect_result *result, struct json_writer *json) {
    json_columns(result, json);
    json_writer_small_number(json, "tolerance", result->tolerance);
    json_writer_integer(json, "rows", result->rows);
    json_writer_integer(json, "compared", result->compared);
    json_writer_integer(json, "without_score", result->without_score);
    json_writer_integer(json, "without_value", result->without_value);
    json_writer_integer(json, "differing", result->differing);
    json_writer_integer(json, "labels_differing", result->labels_differing);
    json_writer_integer(json, "labels_tied", result->labels_tied);
    if (result->measured) {
        json_writer_small_number(json, "largest_difference", result->largest.difference);
        json_value("largest", &result->largest, json);
    } else {
        json_writer_null(json, "largest_difference");
        json_writer_null(json, "largest");
    }
    json_writer_open(json, "first_differing", '[');
    for (size_t i = 0; i < result->shown_count; i++) json_value(NULL, &result->shown[i], json);
    json_writer_close(json, ']');
}

void expect_report_json(const struct expect_result *result, const char *line,
                        struct json_writer *json) {
    json_writer_open(json, "expect", '{');
    json_writer_string(json, "file", result->path);
    json_writer_bool(json, "passed", line == NULL && result->passed);
    if (line != NULL) {
        json_writer_string(json, "error", line);
    } else {
        json_writer_null(json, "error");
        json_figures(result, json);
    }
    json_writer_close(json, '}');
}
