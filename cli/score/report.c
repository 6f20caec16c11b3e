/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out the summary: rows, rates, scores, gold, model. */
#include "score/report.h"

#include "common/json_writer.h"
#include "score/model.h"
#include "score/gold_report.h"

static void rows_json(const struct options *options, const struct totals *totals,
                      const struct badrows *badrows, struct json *json) {
    json_integer(json, "rows", totals->rows);
    json_integer(json, "scored", totals->scored);
    json_integer(json, "bad_rows", badrows->total);
    json_open(json, "bad_reasons", '{');
    for (int i = ROW_GOOD + 1; i < BAD_REASONS; i++)
        if (badrows->by_reason[i] > 0)
            json_integer(json, bad_reason_name((enum bad_reason)i), badrows->by_reason[i]);
    json_close(json, '}');
    json_integer(json, "truncated_rows", totals->truncated);
    json_integer(json, "tokens", totals->tokens);
    if (!options->writer.match) return;
    json_number(json, "threshold", options->writer.threshold, 6);
    json_integer(json, "matches", totals->matches);
}

static void rates_json(const struct totals *totals, struct json *json) {
    json_number(json, "seconds", totals->seconds, 6);
    json_number(json, "pairs_per_second", (double)totals->scored / totals->seconds, 3);
    json_number(json, "tokens_per_second", (double)totals->tokens / totals->seconds, 3);
}

static void similarity_json(const struct histogram *histogram, struct json *json) {
    static const struct {
        const char *name;
        double q;
    } quantiles[] = {{"p1", 0.01},  {"p5", 0.05},  {"p25", 0.25}, {"p50", 0.50},
                     {"p75", 0.75}, {"p95", 0.95}, {"p99", 0.99}};
    bool any = histogram->count > 0;
    json_open(json, "similarity", '{');
    json_number(json, "mean", histogram_mean(histogram), 6);
    json_number(json, "min", any ? histogram->least : histogram_mean(histogram), 6);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        json_number(json, quantiles[i].name, histogram_quantile(histogram, quantiles[i].q), 6);
    json_number(json, "max", any ? histogram->most : histogram_mean(histogram), 6);
    json_close(json, '}');
}

static void model_labels_json(const mgeo_model_info *info, struct json *json) {
    json_open(json, "labels", '[');
    for (uint32_t i = 0; i < info->label_count; i++) json_string(json, NULL, info->labels[i]);
    json_close(json, ']');
    if (info->positive_label >= 0)
        json_string(json, "positive_label", info->labels[info->positive_label]);
}

static void model_json(const mgeo_model_info *info, struct json *json) {
    json_open(json, "model", '{');
    json_string(json, "version", info->version);
    json_string(json, "path", info->path);
    json_string(json, "fingerprint", info->fingerprint);
    model_labels_json(info, json);
    json_string(json, "precision", model_precision_name(info->precision));
    json_string(json, "device", info->device);
    json_string(json, "library", info->library);
    json_string(json, "warning", info->warning);
    json_integer(json, "layers", info->layers);
    json_integer(json, "hidden", info->hidden);
    json_integer(json, "heads", info->heads);
    json_integer(json, "vocabulary", info->vocabulary);
    json_integer(json, "parameters", info->parameters);
    json_integer(json, "unused_tensors", info->unused_tensors);
    json_integer(json, "bytes_on_device", info->bytes_on_device);
    json_integer(json, "max_length", info->max_length);
    json_integer(json, "threads", info->threads);
    json_integer(json, "batch_tokens", info->batch_tokens);
    json_number(json, "load_seconds", info->load_seconds, 6);
    json_number(json, "warm_up_seconds", info->warm_up_seconds, 6);
    json_close(json, '}');
}

static void labels_json(const mgeo_model_info *info, const struct totals *totals,
                        struct json *json) {
    json_open(json, "labels", '{');
    for (uint32_t i = 0; i < info->label_count; i++)
        json_integer(json, info->labels[i], totals->by_label[i]);
    json_close(json, '}');
}

void report_json(const struct options *options, const mgeo_model_info *info,
                 const struct totals *totals, const struct badrows *badrows,
                 const struct gold *gold, struct text *text) {
    struct json json = {.text = *text};
    json_open(&json, NULL, '{');
    json_string(&json, "mgeo_score", MGEO_VERSION);
    json_string(&json, "libmgeo", mgeo_version());
    json_open(&json, "inputs", '[');
    for (size_t i = 0; i < options->input_count; i++) json_string(&json, NULL, options->inputs[i]);
    json_close(&json, ']');
    rows_json(options, totals, badrows, &json);
    rates_json(totals, &json);
    similarity_json(&totals->similarity, &json);
    labels_json(info, totals, &json);
    if (gold != NULL) gold_report_json(gold, &json);
    model_json(info, &json);
    json_close(&json, '}');
    *text = json.text;
}
