/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics: the library's families, then the server's, as one document. */
#include <mgeo.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "serve/meters.h"
#include "serve/pages/pages.h"
#include "serve/scoring/scorer.h"

static const char end_mark[] = "# EOF\n";

/* Whether a list of media types names OpenMetrics. Prometheus asks for it so when it takes it. */
static bool wants_openmetrics(const struct http_request *request) {
    static const char type[] = "application/openmetrics-text";
    struct http_slice accept = http_request_header(request, "Accept");
    return accept.at != NULL && memmem(accept.at, accept.length, type, sizeof type - 1) != NULL;
}

/* The library's text may grow between the two calls. */
static void write_library(const struct service *service, int32_t format,
                          struct string_buffer *text) {
    size_t length = 0, room = 1 << 15;
    mgeo_status status;
    char *bytes = NULL;
    do {
        bytes = memory_resize(bytes, room, 1);
        status = mgeo_write_metrics(service->engine, format, bytes, room, &length, NULL);
        room = length + 4096;
    } while (status == MGEO_E_CAPACITY);
    size_t mark = sizeof end_mark - 1;
    if (status == MGEO_OK && length >= mark && strcmp(bytes + length - mark, end_mark) == 0) {
        length -= mark;
    }
    string_buffer_finish(text);
    if (status == MGEO_OK) {
        *text = (struct string_buffer){bytes, length, room};
    } else {
        free(bytes);
    }
}

struct gauge {
    const char *name, *type, *unit, *help;
    double value;
};

static void write_gauges(const struct gauge *gauges, size_t count, int32_t format,
                         struct string_buffer *text) {
    for (size_t i = 0; i < count; i++) {
        meters_write_single(text, format, gauges[i].name, gauges[i].type, gauges[i].unit,
                            gauges[i].help, gauges[i].value);
    }
}

static void write_connections(const struct http_counts *counts, int32_t format,
                              struct string_buffer *text) {
    const struct gauge gauges[] = {
        {"http_server_active_requests", "gauge", "", "Requests that were begun and are not over.",
         (double)counts->in_flight},
        {"mgeo_serve_connections", "gauge", "", "Connections that are open.", (double)counts->open},
        {"mgeo_serve_connections_accepted", "counter", "", "Connections that were accepted.",
         (double)counts->accepted},
        {"mgeo_serve_connections_refused", "counter", "",
         "Connections that were refused for want of room.", (double)counts->refused},
        {"mgeo_serve_malformed_requests", "counter", "",
         "Requests that were refused for their form.", (double)counts->malformed},
        {"mgeo_serve_timed_out_clients", "counter", "", "Clients that were too slow.",
         (double)counts->timed_out},
        {"mgeo_serve_buffered_bytes", "gauge", "bytes", "Bodies of requests in memory.",
         (double)counts->body_bytes},
    };
    write_gauges(gauges, sizeof gauges / sizeof *gauges, format, text);
}

static void write_state(const struct service *service, const struct pages_counts *counts,
                        int32_t format, struct string_buffer *text) {
    char reason[256];
    bool ready = service_is_ready(service, reason, sizeof reason);
    const struct settings *settings = settings_hold(service->settings);
    const struct gauge gauges[] = {
        {"mgeo_serve_queue_requests", "gauge", "", "Requests that wait to be scored.",
         (double)scorer_waiting(service->scorer)},
        {"mgeo_serve_queue_limit", "gauge", "", "Requests that may wait.",
         (double)settings->max_queue},
        {"mgeo_serve_streams", "gauge", "", "NDJSON streams that run.", (double)counts->streams},
        {"mgeo_serve_access_log_dropped", "counter", "", "Lines of the access log that were lost.",
         (double)counts->log_dropped},
        {"mgeo_serve_ready", "gauge", "", "1 if calls are answered (/readyz).", ready},
        {"mgeo_serve_draining", "gauge", "", "1 if the server will end soon.",
         atomic_load(&service->draining)},
        {"mgeo_serve_start_time_seconds", "gauge", "seconds",
         "When the server began, as Unix time.", service->started_at},
    };
    write_gauges(gauges, sizeof gauges / sizeof *gauges, format, text);
    settings_release(service->settings, settings);
}

void pages_metrics(const struct service *service, const struct http_request *request,
                   const struct pages_counts *pages, struct http_answer *answer) {
    bool open = wants_openmetrics(request);
    int32_t format = open ? MGEO_METRICS_OPENMETRICS : MGEO_METRICS_PROMETHEUS;
    struct http_counts counts;
    http_server_get_counts(service->server, &counts);
    answer->status = 200;
    answer->content_type = open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8";
    write_library(service, format, &answer->body);
    meters_write(service->meters, format, &answer->body);
    write_connections(&counts, format, &answer->body);
    write_state(service, pages, format, &answer->body);
    if (open) string_buffer_put(&answer->body, end_mark);
}
