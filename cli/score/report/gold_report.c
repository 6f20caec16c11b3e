/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the gold figures as tables and as JSON. */
#include "score/report/gold_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SWEEP_EVERY = 50 }; /* steps of 0.05 in the sweep that is printed */

static void figure(struct string_buffer *text, double value) {
    if (isnan(value)) {
        string_buffer_format(text, "%10s", "-");
    } else {
        string_buffer_format(text, "%10.4f", value);
    }
}

static int name_width(const struct gold *gold) {
    size_t width = 8;
    for (size_t i = 0; i < gold->classes; i++) {
        if (strlen(gold->names[i]) > width) width = strlen(gold->names[i]);
    }
    return (int)width;
}

static void classes_text(const struct gold *gold, const struct gold_result *result,
                         struct string_buffer *text) {
    int width = name_width(gold);
    string_buffer_format(text, "\n%-*s%10s%10s%10s%10s\n", width, "label", "precision", "recall",
                         "f1", "support");
    for (size_t i = 0; i < gold->classes; i++) {
        const struct gold_class *measured = &result->classes[i];
        string_buffer_format(text, "%-*s", width, gold->names[i]);
        figure(text, measured->precision);
        figure(text, measured->recall);
        figure(text, measured->f1);
        string_buffer_format(text, "%10" PRIu64 "\n", measured->support);
    }
}

static void confusion_text(const struct gold *gold, struct string_buffer *text) {
    int width = name_width(gold);
    string_buffer_format(text, "\nconfusion (rows: gold, columns: answers)\n%-*s", width, "");
    for (size_t i = 0; i < gold->classes; i++) {
        string_buffer_format(text, "  %*s", width, gold->names[i]);
    }
    for (size_t i = 0; i < gold->classes; i++) {
        string_buffer_format(text, "\n%-*s", width, gold->names[i]);
        for (size_t j = 0; j < gold->classes; j++) {
            string_buffer_format(text, "  %*" PRIu64, width, gold->confusion[i][j]);
        }
    }
    string_buffer_put(text, "\n");
}

static void point_text(struct gold_point point, const char *mark, struct string_buffer *text) {
    string_buffer_format(text, "%9.3f", point.threshold);
    figure(text, point.precision);
    figure(text, point.recall);
    figure(text, point.f1);
    figure(text, point.accuracy);
    string_buffer_format(text, "%s\n", mark);
}

static void sweep_text(const struct gold *gold, struct string_buffer *text) {
    string_buffer_format(text, "\nsimilarity >= threshold means %s\n%9s%10s%10s%10s%10s\n",
                         gold->names[gold->positive], "threshold", "precision", "recall", "f1",
                         "accuracy");
    unsigned best = gold_best(gold);
    bool shown = false;
    for (unsigned step = 0; step <= GOLD_STEPS; step += SWEEP_EVERY) {
        if (!shown && best <= step) {
            point_text(gold_at(gold, best), "  best f1", text);
            shown = true;
            if (best == step) continue;
        }
        point_text(gold_at(gold, step), "", text);
    }
}

static void foreign_text(const struct gold *gold, struct string_buffer *text) {
    if (gold->missing > 0) {
        string_buffer_format(text, "not compared: %" PRIu64 " rows with an empty gold cell\n",
                             gold->missing);
    }
    if (gold->foreign == 0) return;
    string_buffer_format(
        text, "not compared: %" PRIu64 " rows with labels the model does not have:", gold->foreign);
    for (size_t i = 0; i < gold->foreign_names; i++) {
        string_buffer_put(text, i > 0 ? ", " : " ");
        string_buffer_escaped_cell(text, gold->foreign_name[i], strlen(gold->foreign_name[i]));
    }
    string_buffer_put(text, gold->foreign_names == GOLD_FOREIGN ? " …\n" : "\n");
}

void gold_report_text(const struct gold *gold, struct string_buffer *text) {
    struct gold_result result;
    gold_measure(gold, &result);
    string_buffer_format(text, "gold: %" PRIu64 " rows compared", gold->compared);
    if (gold->one_logit) string_buffer_format(text, ", yes from similarity %g", gold->threshold);
    string_buffer_put(text, "\n");
    foreign_text(gold, text);
    if (gold->compared == 0) return;
    string_buffer_format(text, "accuracy %.4f\nmacro-F1 %.4f\n", result.accuracy, result.macro_f1);
    classes_text(gold, &result, text);
    confusion_text(gold, text);
    sweep_text(gold, text);
}

static void class_json(const struct gold *gold, const struct gold_result *result, size_t which,
                       struct json_writer *json) {
    const struct gold_class *measured = &result->classes[which];
    json_writer_open(json, gold->names[which], '{');
    json_writer_number(json, "precision", measured->precision, 6);
    json_writer_number(json, "recall", measured->recall, 6);
    json_writer_number(json, "f1", measured->f1, 6);
    json_writer_integer(json, "support", measured->support);
    json_writer_integer(json, "answered", measured->answered);
    json_writer_close(json, '}');
}

static void confusion_json(const struct gold *gold, struct json_writer *json) {
    json_writer_open(json, "confusion", '{');
    for (size_t i = 0; i < gold->classes; i++) {
        json_writer_open(json, gold->names[i], '{');
        for (size_t j = 0; j < gold->classes; j++) {
            json_writer_integer(json, gold->names[j], gold->confusion[i][j]);
        }
        json_writer_close(json, '}');
    }
    json_writer_close(json, '}');
}

static void point_json(struct gold_point point, const char *key, struct json_writer *json) {
    json_writer_open(json, key, '{');
    json_writer_number(json, "threshold", point.threshold, 3);
    json_writer_number(json, "precision", point.precision, 6);
    json_writer_number(json, "recall", point.recall, 6);
    json_writer_number(json, "f1", point.f1, 6);
    json_writer_number(json, "accuracy", point.accuracy, 6);
    json_writer_close(json, '}');
}

static void foreign_json(const struct gold *gold, struct json_writer *json) {
    json_writer_integer(json, "empty", gold->missing);
    json_writer_integer(json, "unknown", gold->foreign);
    json_writer_open(json, "unknown_labels", '[');
    for (size_t i = 0; i < gold->foreign_names; i++) {
        json_writer_string(json, NULL, gold->foreign_name[i]);
    }
    json_writer_close(json, ']');
}

void gold_report_json(const struct gold *gold, struct json_writer *json) {
    struct gold_result result;
    gold_measure(gold, &result);
    json_writer_open(json, "gold", '{');
    json_writer_integer(json, "compared", gold->compared);
    foreign_json(gold, json);
    json_writer_number(json, "accuracy", result.accuracy, 6);
    json_writer_number(json, "macro_f1", result.macro_f1, 6);
    json_writer_open(json, "labels", '{');
    for (size_t i = 0; i < gold->classes; i++) class_json(gold, &result, i, json);
    json_writer_close(json, '}');
    confusion_json(gold, json);
    json_writer_string(json, "positive", gold->names[gold->positive]);
    point_json(gold_at(gold, gold_best(gold)), "best", json);
    json_writer_open(json, "sweep", '[');
    for (unsigned step = 0; step <= GOLD_STEPS; step += SWEEP_EVERY) {
        point_json(gold_at(gold, step), NULL, json);
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}
