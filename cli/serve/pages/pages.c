/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of health and information. */
#include "serve/pages/pages.h"

#include <mgeo.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json_writer.h"

static void finish(struct http_answer *answer, int status, struct json_writer *json) {
    answer->status = status;
    answer->content_type = "application/json";
    json_writer_close(json, '}');
    string_buffer_finish(&answer->body);
    answer->body = json->text;
    http_answer_header(answer, "Cache-Control", "no-store");
}

static double uptime(const struct service *service) {
    return 1e-9 * (double)(clock_nanoseconds() - service->started);
}

/* ---- health ---------------------------------------------------------------------------------- */

void pages_health(const struct service *service, struct http_answer *answer) {
    struct json_writer json = {0};
    char reason[256];
    bool ready = service_is_ready(service, reason, sizeof reason);
    mgeo_model_info info = {.struct_size = sizeof info};
    bool loaded = mgeo_get_info(service->engine, MGEO_LIVE, &info, NULL) == MGEO_OK;
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "status", ready ? "healthy" : "unhealthy");
    json_writer_bool(&json, "model_loaded", loaded);
    if (loaded) {
        json_writer_string(&json, "model_version", info.version);
        json_writer_string(&json, "slot", mgeo_slot_name(info.slot));
        json_writer_integer(&json, "generation", info.generation);
        json_writer_string(&json, "device", info.device);
    }
    if (!ready) json_writer_string(&json, "reason", reason);
    json_writer_number(&json, "uptime_seconds", uptime(service), 3);
    finish(answer, ready ? 200 : 503, &json);
}

void pages_livez(const struct service *service, struct http_answer *answer) {
    struct json_writer json = {0};
    (void)service;
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "status", "alive");
    finish(answer, 200, &json);
}

void pages_readyz(const struct service *service, struct http_answer *answer) {
    struct json_writer json = {0};
    char reason[256];
    bool ready = service_is_ready(service, reason, sizeof reason);
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "status", ready ? "ready" : "not_ready");
    if (!ready) json_writer_string(&json, "reason", reason);
    finish(answer, ready ? 200 : 503, &json);
}

/* ---- information ----------------------------------------------------------------------------- */

static void write_model(const struct service *service, struct json_writer *json) {
    mgeo_model_info info = {.struct_size = sizeof info};
    if (mgeo_get_info(service->engine, MGEO_LIVE, &info, NULL) != MGEO_OK) {
        json_writer_null(json, "model");
        return;
    }
    json_writer_open(json, "model", '{');
    json_writer_string(json, "version", info.version);
    json_writer_string(json, "slot", mgeo_slot_name(info.slot));
    json_writer_integer(json, "generation", info.generation);
    json_writer_string(json, "fingerprint", info.fingerprint);
    json_writer_string(json, "precision", mgeo_precision_name(info.precision));
    json_writer_string(json, "device", info.device);
    json_writer_string(json, "library", info.library);
    json_writer_integer(json, "threads", info.threads);
    json_writer_integer(json, "max_length", info.max_length);
    json_writer_open(json, "labels", '[');
    for (uint32_t i = 0; i < info.label_count; i++) json_writer_string(json, NULL, info.labels[i]);
    json_writer_close(json, ']');
    if (info.warning[0] != '\0') json_writer_string(json, "warning", info.warning);
    json_writer_close(json, '}');
}

static void write_settings(const struct settings *settings, struct json_writer *json) {
    json_writer_open(json, "settings", '{');
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        if (settings_is_action(row)) continue;
        json_writer_open(json, row->name, '{');
        if (settings->texts[i] != NULL) {
            json_writer_string(json, "value", settings->texts[i]);
        } else {
            json_writer_null(json, "value");
        }
        json_writer_string(json, "source", settings_source_name(settings->sources[i]));
        json_writer_close(json, '}');
    }
    json_writer_close(json, '}');
}

static void write_limits(const struct settings *settings, struct json_writer *json) {
    json_writer_open(json, "limits", '{');
    json_writer_integer(json, "max_pairs", settings->max_pairs);
    json_writer_integer(json, "max_body_bytes", settings->max_body);
    json_writer_integer(json, "max_queue", settings->max_queue);
    json_writer_integer(json, "max_connections", settings->max_connections);
    json_writer_integer(json, "max_streams", settings->max_streams);
    json_writer_number(json, "timeout_seconds", settings->timeout, 3);
    json_writer_close(json, '}');
}

void pages_info(const struct service *service, struct http_answer *answer) {
    struct json_writer json = {0};
    const struct settings *settings = settings_hold(service->settings);
    json_writer_open(&json, NULL, '{');
    json_writer_string(&json, "program", "mgeo-serve");
    json_writer_string(&json, "version", MGEO_VERSION);
    json_writer_string(&json, "library_version", mgeo_version());
    json_writer_integer(&json, "process", (uint64_t)getpid());
    json_writer_number(&json, "uptime_seconds", uptime(service), 3);
    write_model(service, &json);
    write_limits(settings, &json);
    write_settings(settings, &json);
    settings_release(service->settings, settings);
    finish(answer, 200, &json);
}
