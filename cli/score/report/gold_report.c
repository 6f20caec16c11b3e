/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the gold figures as tables and as JSON. */
#include "score/report/gold_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/utf8.h"

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
        struct string_buffer shown = {0};
        string_buffer_shown(&shown, gold->names[i], strlen(gold->names[i]));
        size_t columns = utf8_columns(shown.bytes, shown.length);
        if (columns > width) width = columns;
        string_buffer_finish(&shown);
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
        string_buffer_shown_column(text, gold->names[i], -width);
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
        string_buffer_put(text, "  ");
        string_buffer_shown_column(text, gold->names[i], width);
    }
    for (size_t i = 0; i < gold->classes; i++) {
        string_buffer_put(text, "\n");
        string_buffer_shown_column(text, gold->names[i], -width);
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
    string_buffer_put(text, "\nsimilarity >= threshold means ");
    string_buffer_shown_column(text, gold->names[gold->positive], 0);
    string_buffer_format(text, "\n%9s%10s%10s%10s%10s\n", "threshold", "precision", "recall", "f1",
                         "accuracy");
    unsigned best = 0;
    bool pending = gold_best(gold, &best);
    if (!pending) {
        string_buffer_put(text, "no threshold is best: ");
        string_buffer_put(text, gold_at(gold, 0).recall > 0 ? "all rows are " : "no row is ");
        string_buffer_shown_column(text, gold->names[gold->positive], 0);
        string_buffer_put(text, "\n");
    }
    for (unsigned step = 0; step <= GOLD_STEPS; step += SWEEP_EVERY) {
        if (pending && best <= step) {
            point_text(gold_at(gold, best), "  best f1", text);
            pending = false;
            if (best == step) continue;
        }
        point_text(gold_at(gold, step), "", text);
    }
}

static void put_label(struct string_buffer *text, const char *name) {
    string_buffer_put(text, "'");
    string_buffer_shown_column(text, name, 0);
    string_buffer_put(text, "'");
}

static void counts_as(const struct gold *gold, const char *from, size_t as, uint64_t rows,
                      struct string_buffer *text) {
    string_buffer_put(text, "gold: ");
    put_label(text, from);
    string_buffer_put(text, " counts as ");
    string_buffer_shown_column(text, gold->names[as], 0);
    string_buffer_format(text, " (%" PRIu64 " row%s)\n", rows, rows == 1 ? "" : "s");
}

/* What was taken for one of the model's labels, and rules that found nothing. */
static void mapped_text(const struct gold *gold, struct string_buffer *text) {
    for (size_t i = 0; i < gold->map.count; i++) {
        const struct gold_rule *rule = &gold->map.rules[i];
        if (rule->rows > 0) {
            counts_as(gold, rule->from, rule->as, rule->rows, text);
            continue;
        }
        string_buffer_put(text, "gold: no row has ");
        put_label(text, rule->from);
        string_buffer_put(text, ", which --gold-map maps\n");
    }
    for (size_t i = 0; i < gold->mapped_names; i++) {
        const struct gold_label *label = &gold->mapped[i];
        counts_as(gold, label->name, label->as, label->rows, text);
    }
}

static bool is_among(const struct gold_label *labels, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(labels[i].name, name) == 0) return true;
    }
    return false;
}

/* 0 and 1 are taken for no and yes; with a 2 beside them they were numbers of classes. */
static void numbers_text(const struct gold *gold, struct string_buffer *text) {
    if (!is_among(gold->foreign_label, gold->foreign_names, "2")) return;
    if (!is_among(gold->mapped, gold->mapped_names, "0") &&
        !is_among(gold->mapped, gold->mapped_names, "1")) {
        return;
    }
    string_buffer_put(text, "gold: are these numbers of classes? Say which: --gold-map '0=");
    string_buffer_shown_column(text, gold->names[0], 0);
    string_buffer_put(text, ",1=…'\n");
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
        const struct gold_label *label = &gold->foreign_label[i];
        string_buffer_put(text, i > 0 ? ", " : " ");
        string_buffer_shown_column(text, label->name, 0);
        string_buffer_format(text, " (%" PRIu64 ")", label->rows);
    }
    string_buffer_put(text, gold->foreign_names == GOLD_FOREIGN ? " …" : "");
    string_buffer_put(text, "; --gold-map FROM=TO maps them\n");
    numbers_text(gold, text);
}

void gold_report_text(const struct gold *gold, struct string_buffer *text) {
    struct gold_result result;
    gold_measure(gold, &result);
    string_buffer_format(text, "gold: %" PRIu64 " rows compared", gold->compared);
    if (gold->one_logit) string_buffer_format(text, ", yes from similarity %g", gold->threshold);
    string_buffer_put(text, "\n");
    mapped_text(gold, text);
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

static void label_json(const struct gold *gold, const char *name, size_t as, uint64_t rows,
                       struct json_writer *json) {
    json_writer_open(json, NULL, '{');
    json_writer_string(json, "label", name);
    if (as < gold->classes) json_writer_string(json, "as", gold->names[as]);
    json_writer_integer(json, "rows", rows);
    json_writer_close(json, '}');
}

static void mapped_json(const struct gold *gold, struct json_writer *json) {
    json_writer_open(json, "mapped", '[');
    for (size_t i = 0; i < gold->map.count; i++) {
        const struct gold_rule *rule = &gold->map.rules[i];
        label_json(gold, rule->from, rule->as, rule->rows, json);
    }
    for (size_t i = 0; i < gold->mapped_names; i++) {
        const struct gold_label *label = &gold->mapped[i];
        label_json(gold, label->name, label->as, label->rows, json);
    }
    json_writer_close(json, ']');
}

static void foreign_json(const struct gold *gold, struct json_writer *json) {
    json_writer_integer(json, "empty", gold->missing);
    json_writer_integer(json, "unknown", gold->foreign);
    json_writer_open(json, "unknown_labels", '[');
    for (size_t i = 0; i < gold->foreign_names; i++) {
        json_writer_string(json, NULL, gold->foreign_label[i].name);
    }
    json_writer_close(json, ']');
    json_writer_open(json, "unknown_rows", '[');
    for (size_t i = 0; i < gold->foreign_names; i++) {
        json_writer_integer(json, NULL, gold->foreign_label[i].rows);
    }
    json_writer_close(json, ']');
    mapped_json(gold, json);
}

static void best_json(const struct gold *gold, struct json_writer *json) {
    unsigned best = 0;
    if (gold_best(gold, &best)) {
        point_json(gold_at(gold, best), "best", json);
    } else {
        json_writer_number(json, "best", NAN, 0);
    }
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
    best_json(gold, json);
    json_writer_open(json, "sweep", '[');
    for (unsigned step = 0; step <= GOLD_STEPS; step += SWEEP_EVERY) {
        point_json(gold_at(gold, step), NULL, json);
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}
