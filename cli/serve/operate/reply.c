/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of the library as JSON, members by their names there. */
#include "serve/operate/reply.h"

#include <string.h>

static void write_labels(struct json_writer *json, const mgeo_model_info *info) {
    json_writer_open(json, "labels", '[');
    for (uint32_t i = 0; i < info->label_count && i < MGEO_MAX_LABELS; i++) {
        json_writer_string(json, NULL, info->labels[i]);
    }
    json_writer_close(json, ']');
}

static void write_stats(struct json_writer *json, const mgeo_stats *stats) {
    json_writer_open(json, "stats", '{');
    json_writer_integer(json, "calls", stats->calls);
    json_writer_integer(json, "failed_calls", stats->failed_calls);
    json_writer_integer(json, "pairs", stats->pairs);
    json_writer_integer(json, "bad_rows", stats->bad_rows);
    json_writer_integer(json, "not_finite_rows", stats->not_finite_rows);
    json_writer_integer(json, "truncated_rows", stats->truncated_rows);
    json_writer_integer(json, "queued_rows", stats->queued_rows);
    json_writer_integer(json, "in_flight", stats->calls_in_flight);
    json_writer_small_number(json, "p50", stats->call_p50);
    json_writer_small_number(json, "p95", stats->call_p95);
    json_writer_small_number(json, "p99", stats->call_p99);
    json_writer_close(json, '}');
}

void reply_model(struct json_writer *json, const char *key, const mgeo_model_info *info,
                 const mgeo_stats *stats) {
    json_writer_open(json, key, '{');
    json_writer_string(json, "slot", mgeo_slot_name(info->slot));
    json_writer_integer(json, "generation", info->generation);
    json_writer_string(json, "version", info->version);
    json_writer_string(json, "fingerprint", info->fingerprint);
    json_writer_string(json, "path", info->path);
    json_writer_string(json, "precision", mgeo_precision_name(info->precision));
    json_writer_string(json, "device", info->device);
    json_writer_string(json, "library", info->library);
    json_writer_bool(json, "live", info->live != 0);
    json_writer_bool(json, "healthy", info->healthy != 0);
    json_writer_integer(json, "parameters", info->parameters);
    json_writer_integer(json, "bytes", info->bytes_on_device);
    json_writer_integer(json, "predicted_bytes", info->predicted_bytes);
    json_writer_integer(json, "threads", info->threads);
    json_writer_integer(json, "max_length", info->max_length);
    json_writer_integer(json, "batch_tokens", info->batch_tokens);
    write_labels(json, info);
    json_writer_string(json, "warning", info->warning);
    json_writer_small_number(json, "load_seconds", info->load_seconds);
    if (stats != NULL) write_stats(json, stats);
    json_writer_close(json, '}');
}

void reply_checks(struct json_writer *json, const mgeo_check *checks, uint32_t count) {
    json_writer_open(json, "checks", '[');
    for (uint32_t i = 0; i < count && i < MGEO_MAX_CHECKS; i++) {
        json_writer_open(json, NULL, '{');
        json_writer_string(json, "name", checks[i].name);
        json_writer_small_number(json, "measured", checks[i].measured);
        json_writer_small_number(json, "limit", checks[i].limit);
        if (checks[i].passed < 0) {
            json_writer_null(json, "passed");
        } else {
            json_writer_bool(json, "passed", checks[i].passed != 0);
        }
        json_writer_close(json, '}');
    }
    json_writer_close(json, ']');
}

void reply_flips(struct json_writer *json, const uint64_t *matrix, char (*live)[64],
                 uint32_t live_count, char (*standby)[64], uint32_t standby_count) {
    json_writer_open(json, "flip_matrix", '{');
    for (uint32_t i = 0; i < live_count && i < MGEO_MAX_LABELS; i++) {
        json_writer_open(json, live[i], '{');
        for (uint32_t j = 0; j < standby_count && j < MGEO_MAX_LABELS; j++) {
            uint64_t pairs = matrix[i * MGEO_MAX_LABELS + j];
            if (pairs > 0) json_writer_integer(json, standby[j], pairs);
        }
        json_writer_close(json, '}');
    }
    json_writer_close(json, '}');
}

static void write_text(struct json_writer *json, const char *key, const char *text, size_t length) {
    if (length == MGEO_NUL_TERMINATED) length = strlen(text);
    json_writer_text(json, key, text, length);
}

static void write_label(struct json_writer *json, const char *key, char (*labels)[64],
                        int32_t label) {
    if (label >= 0 && label < MGEO_MAX_LABELS) {
        json_writer_string(json, key, labels[label]);
    } else {
        json_writer_null(json, key);
    }
}

void reply_shift(struct json_writer *json, const mgeo_shift *shift, const mgeo_pair *pair,
                 char (*live)[64], char (*standby)[64]) {
    json_writer_open(json, NULL, '{');
    json_writer_integer(json, "index", shift->index);
    write_text(json, "a", pair->a, pair->a_len);
    write_text(json, "b", pair->b, pair->b_len);
    json_writer_number(json, "live", (double)shift->live, 6);
    json_writer_number(json, "standby", (double)shift->standby, 6);
    write_label(json, "live_label", live, shift->live_label);
    write_label(json, "standby_label", standby, shift->standby_label);
    json_writer_close(json, '}');
}

void reply_receipt(struct json_writer *json, const mgeo_swap_receipt *receipt) {
    json_writer_open(json, "receipt", '{');
    json_writer_integer(json, "from_generation", receipt->from_generation);
    json_writer_integer(json, "to_generation", receipt->to_generation);
    json_writer_string(json, "from_slot", mgeo_slot_name(receipt->from_slot));
    json_writer_string(json, "to_slot", mgeo_slot_name(receipt->to_slot));
    json_writer_string(json, "from_version", receipt->from_version);
    json_writer_string(json, "to_version", receipt->to_version);
    json_writer_integer(json, "calls_in_flight", receipt->calls_in_flight);
    json_writer_small_number(json, "turn_seconds", receipt->turn_seconds);
    json_writer_small_number(json, "stall_seconds", receipt->stall_seconds);
    json_writer_integer(json, "journal_line", receipt->journal_line);
    json_writer_string(json, "journal_hash", receipt->journal_hash);
    json_writer_string(json, "journal_status", mgeo_status_name(receipt->journal_status));
    reply_checks(json, receipt->checks, receipt->check_count);
    json_writer_close(json, '}');
}
