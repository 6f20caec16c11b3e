/* SPDX-License-Identifier: Apache-2.0 */
/* Counts rows as they are written, and lays out the summary: rows, rates, scores, gold, model. */
#include "score/report/report.h"

#include "score/report/cascade_report.h"
#include "score/report/gold_report.h"

void report_add_chunk(struct report_totals *totals, const struct chunk *chunk,
                      const struct writer_options *options, struct gold *gold) {
    totals->rows += chunk->count;
    totals->tokens += chunk->tokens;
    for (size_t i = 0; i < chunk->count; i++) {
        const struct row *row = &chunk->rows[i];
        totals->repeated += row->repeated;
        if (row->reason != ROW_GOOD) continue;
        double similarity = (double)row->similarity;
        totals->scored++;
        totals->truncated += (row->flags & MGEO_ROW_TRUNCATED) != 0;
        for (size_t j = 0; j < options->threshold_count; j++) {
            totals->matches[j] += similarity >= options->thresholds[j];
        }
        totals->unknown += (row->flags & MGEO_ROW_UNKNOWN_CHARACTERS) != 0;
        totals->unknown_differ += (row->flags & MGEO_ROW_UNKNOWN_DIFFER) != 0;
        totals->capped += (row->flags & MGEO_ROW_CAPPED) != 0;
        if (row->label < MGEO_MAX_LABELS) totals->by_label[row->label]++;
        if (row->decided < CASCADE_STEPS) totals->decided[row->decided]++;
        histogram_add(&totals->similarity, similarity);
        if (gold != NULL) {
            gold_add(gold, chunk_text(chunk, row) + row->gold, row->gold_length, row->label,
                     similarity);
        }
    }
}

static void thresholds_json(const struct writer_options *options,
                            const struct report_totals *totals, struct json_writer *json) {
    if (options->threshold_count == 0) return;
    if (options->threshold_count == 1) {
        json_writer_number(json, "threshold", options->thresholds[0], 6);
        json_writer_integer(json, "matches", totals->matches[0]);
    }
    json_writer_open(json, "thresholds", '[');
    for (size_t i = 0; i < options->threshold_count; i++) {
        json_writer_open(json, NULL, '{');
        json_writer_number(json, "threshold", options->thresholds[i], 6);
        json_writer_integer(json, "matches", totals->matches[i]);
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

static void selection_json(const struct selection_options *selection,
                           const struct report_totals *totals, struct json_writer *json) {
    json_writer_integer(json, "input_rows", totals->input_rows);
    if (selection->sample > 0) {
        json_writer_integer(json, "sample", selection->sample);
        json_writer_integer(json, "seed", selection->seed);
    }
    if (selection->shards > 0) {
        json_writer_integer(json, "shard", selection->shard);
        json_writer_integer(json, "shards", selection->shards);
    }
}

static void rows_json(const struct options *options, const struct report_totals *totals,
                      const struct row_errors *row_errors, struct json_writer *json) {
    selection_json(&options->selection, totals, json);
    json_writer_integer(json, "rows", totals->rows);
    json_writer_integer(json, "scored", totals->scored);
    json_writer_integer(json, "bad_rows", row_errors->total);
    json_writer_open(json, "bad_reasons", '{');
    for (int i = ROW_GOOD + 1; i < ROW_ERRORS; i++) {
        if (row_errors->by_reason[i] > 0) {
            json_writer_integer(json, row_error_name((enum row_error)i), row_errors->by_reason[i]);
        }
    }
    json_writer_close(json, '}');
    json_writer_integer(json, "truncated_rows", totals->truncated);
    json_writer_integer(json, "repeated_rows", totals->repeated);
    json_writer_integer(json, "unknown_rows", totals->unknown);
    json_writer_integer(json, "unknown_differ_rows", totals->unknown_differ);
    json_writer_integer(json, "capped_rows", totals->capped);
    json_writer_integer(json, "tokens", totals->tokens);
    thresholds_json(&options->writer, totals, json);
}

static void rates_json(const struct report_totals *totals, struct json_writer *json) {
    json_writer_number(json, "seconds", totals->seconds, 6);
    json_writer_number(json, "pairs_per_second", (double)totals->scored / totals->seconds, 3);
    json_writer_number(json, "tokens_per_second", (double)totals->tokens / totals->seconds, 3);
}

static void similarity_json(const struct histogram *histogram, struct json_writer *json) {
    static const struct {
        const char *name;
        double q;
    } quantiles[] = {{"p1", 0.01},  {"p5", 0.05},  {"p25", 0.25}, {"p50", 0.50},
                     {"p75", 0.75}, {"p95", 0.95}, {"p99", 0.99}};
    bool any = histogram->count > 0;
    json_writer_open(json, "similarity", '{');
    json_writer_number(json, "mean", histogram_mean(histogram), 6);
    json_writer_number(json, "min", any ? histogram->least : histogram_mean(histogram), 6);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        json_writer_number(json, quantiles[i].name, histogram_quantile(histogram, quantiles[i].q),
                           6);
    }
    json_writer_number(json, "max", any ? histogram->most : histogram_mean(histogram), 6);
    json_writer_open(json, "bins", '[');
    for (int i = 0; i < HISTOGRAM_SHOWN; i++) {
        json_writer_integer(json, NULL, histogram_shown_bin(histogram, i));
    }
    json_writer_close(json, ']');
    json_writer_close(json, '}');
}

static void model_labels_json(const mgeo_model_info *info, struct json_writer *json) {
    json_writer_open(json, "labels", '[');
    for (uint32_t i = 0; i < info->label_count; i++) {
        json_writer_string(json, NULL, info->labels[i]);
    }
    json_writer_close(json, ']');
    if (info->positive_label >= 0) {
        json_writer_string(json, "positive_label", info->labels[info->positive_label]);
    }
}

void report_model_json(const mgeo_model_info *info, struct json_writer *json) {
    json_writer_open(json, "model", '{');
    json_writer_string(json, "version", info->version);
    json_writer_string(json, "path", info->path);
    json_writer_string(json, "fingerprint", info->fingerprint);
    model_labels_json(info, json);
    json_writer_string(json, "precision", mgeo_precision_name(info->precision));
    json_writer_string(json, "device", info->device);
    json_writer_string(json, "library", info->library);
    json_writer_string(json, "warning", info->warning);
    json_writer_integer(json, "layers", info->layers);
    json_writer_integer(json, "hidden", info->hidden);
    json_writer_integer(json, "heads", info->heads);
    json_writer_integer(json, "vocabulary", info->vocabulary);
    json_writer_integer(json, "parameters", info->parameters);
    json_writer_integer(json, "unused_tensors", info->unused_tensors);
    json_writer_integer(json, "bytes_on_device", info->bytes_on_device);
    json_writer_integer(json, "max_length", info->max_length);
    json_writer_integer(json, "threads", info->threads);
    json_writer_integer(json, "batch_tokens", info->batch_tokens);
    json_writer_number(json, "load_seconds", info->load_seconds, 6);
    json_writer_number(json, "warm_up_seconds", info->warm_up_seconds, 6);
    json_writer_close(json, '}');
}

static void labels_json(const mgeo_model_info *info, const struct report_totals *totals,
                        struct json_writer *json) {
    json_writer_open(json, "labels", '{');
    for (uint32_t i = 0; i < info->label_count; i++) {
        json_writer_integer(json, info->labels[i], totals->by_label[i]);
    }
    json_writer_close(json, '}');
}

void report_write_json(const struct options *options, const mgeo_model_info *info,
                       const struct report_totals *totals, const struct row_errors *row_errors,
                       const struct cascade *cascade, const struct gold *gold,
                       struct string_buffer *text) {
    struct json_writer json = {.text = *text};
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "mgeo_score", MGEO_VERSION);
    json_writer_string(&json, "libmgeo", mgeo_version());
    json_writer_open(&json, "inputs", '[');
    for (size_t i = 0; i < options->input_count; i++) {
        json_writer_string(&json, NULL, options->inputs[i]);
    }
    json_writer_close(&json, ']');
    rows_json(options, totals, row_errors, &json);
    rates_json(totals, &json);
    similarity_json(&totals->similarity, &json);
    labels_json(info, totals, &json);
    if (cascade != NULL) cascade_report_json(cascade, totals, &json);
    if (gold != NULL) gold_report_json(gold, &json);
    report_model_json(info, &json);
    json_writer_close(&json, '}');
    *text = json.text;
}
