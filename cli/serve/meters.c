/* SPDX-License-Identifier: Apache-2.0 */
/* Counts under one mutex, which is held for moments, and their text. */
#include "serve/meters.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Routes times methods times statuses, of which few occur; more share the last series. */
enum { SERIES = 512, SLOTS = 2 };

struct request_series {
    const char *method, *route; /* method NULL: free */
    int status;
    struct meters_histogram histogram;
};

struct slot_series {
    uint64_t generation; /* 0: none */
    char version[64];
    uint64_t ok, failed;
    struct meters_histogram histogram;
};

struct meters {
    pthread_mutex_t mutex;
    struct request_series requests[SERIES];
    struct slot_series slots[SLOTS];
    struct meters_histogram wait;
    uint64_t drops[METERS_DROPS];
};

struct meters *meters_create(void) {
    struct meters *meters = memory_zeroed(1, sizeof *meters);
    pthread_mutex_init(&meters->mutex, NULL);
    return meters;
}

void meters_destroy(struct meters *meters) {
    if (meters == NULL) return;
    pthread_mutex_destroy(&meters->mutex);
    free(meters);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void add(struct meters_histogram *histogram, uint64_t nanoseconds) {
    unsigned place = 0;
    uint64_t bound = 64000;
    while (place < METERS_BUCKETS - 1 && nanoseconds > bound) {
        bound *= 2;
        place++;
    }
    if (nanoseconds > bound) place++;
    histogram->buckets[place]++;
    histogram->nanoseconds += nanoseconds;
}

/* The strings are static, so that equal ones mostly are the same; the text decides. */
static bool same(const char *a, const char *b) { return a == b || strcmp(a, b) == 0; }

/* The mutex is held. */
static struct request_series *find_series(struct meters *meters, const char *method,
                                          const char *route, int status) {
    unsigned start = (unsigned)status * 31 + (unsigned char)route[route[0] != '\0'] * 7 +
                     (unsigned)strlen(route) * 131 + (unsigned char)method[0];
    for (unsigned i = 0; i < SERIES; i++) {
        struct request_series *series = &meters->requests[(start + i) % SERIES];
        if (series->method == NULL) {
            *series = (struct request_series){.method = method, .route = route, .status = status};
            return series;
        }
        if (series->status == status && same(series->route, route) &&
            same(series->method, method)) {
            return series;
        }
    }
    return &meters->requests[start % SERIES];
}

void meters_request(struct meters *meters, const char *method, const char *route, int status,
                    uint64_t nanoseconds) {
    pthread_mutex_lock(&meters->mutex);
    add(&find_series(meters, method, route, status)->histogram, nanoseconds);
    pthread_mutex_unlock(&meters->mutex);
}

void meters_wait(struct meters *meters, uint64_t nanoseconds) {
    pthread_mutex_lock(&meters->mutex);
    add(&meters->wait, nanoseconds);
    pthread_mutex_unlock(&meters->mutex);
}

void meters_drop(struct meters *meters, enum meters_drop reason) {
    pthread_mutex_lock(&meters->mutex);
    meters->drops[reason]++;
    pthread_mutex_unlock(&meters->mutex);
}

void meters_score(struct meters *meters, const mgeo_model_info *info, bool ok,
                  uint64_t nanoseconds) {
    if (info->slot < 0 || info->slot >= SLOTS) return;
    pthread_mutex_lock(&meters->mutex);
    struct slot_series *series = &meters->slots[info->slot];
    if (info->generation > series->generation) {
        *series = (struct slot_series){.generation = info->generation};
        memcpy(series->version, info->version, sizeof series->version);
    }
    if (info->generation == series->generation) { /* else the last call of a model that has gone */
        *(ok ? &series->ok : &series->failed) += 1;
        add(&series->histogram, nanoseconds);
    }
    pthread_mutex_unlock(&meters->mutex);
}

/* ---- text ------------------------------------------------------------------------------------ */

void meters_write_head(struct string_buffer *text, int32_t format, const char *name,
                       const char *type, const char *unit, const char *help) {
    bool open = format == MGEO_METRICS_OPENMETRICS;
    const char *total = !open && strcmp(type, "counter") == 0 ? "_total" : "";
    string_buffer_format(text, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, total, help, name, total,
                         type);
    if (open && unit[0] != '\0') string_buffer_format(text, "# UNIT %s %s\n", name, unit);
}

void meters_write_single(struct string_buffer *text, int32_t format, const char *name,
                         const char *type, const char *unit, const char *help, double value) {
    meters_write_head(text, format, name, type, unit, help);
    string_buffer_format(text, "%s%s %.17g\n", name, strcmp(type, "counter") == 0 ? "_total" : "",
                         value);
}

/* `labels` without braces; "" for none. */
static void write_histogram(struct string_buffer *text, const char *name, const char *labels,
                            const struct meters_histogram *histogram) {
    const char *comma = labels[0] != '\0' ? "," : "";
    uint64_t count = 0;
    for (unsigned i = 0; i <= METERS_BUCKETS; i++) {
        count += histogram->buckets[i];
        if (i < METERS_BUCKETS) {
            string_buffer_format(text, "%s_bucket{%s%sle=\"%.9g\"} %" PRIu64 "\n", name, labels,
                                 comma, 64e-6 * (double)(UINT64_C(1) << i), count);
        } else {
            string_buffer_format(text, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels,
                                 comma, count);
        }
    }
    const char *open = labels[0] != '\0' ? "{" : "", *close = labels[0] != '\0' ? "}" : "";
    string_buffer_format(text, "%s_sum%s%s%s %.9g\n", name, open, labels, close,
                         1e-9 * (double)histogram->nanoseconds);
    string_buffer_format(text, "%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, count);
}

/* A label's value: backslash, quote and line end are escaped. */
static void put_value(struct string_buffer *text, const char *value) {
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') string_buffer_add(text, "\\", 1);
        if (*value == '\n') {
            string_buffer_put(text, "\\n");
        } else {
            string_buffer_add(text, value, 1);
        }
    }
}

static void write_requests(const struct meters *meters, int32_t format,
                           struct string_buffer *text) {
    static const char name[] = "http_server_request_duration_seconds";
    meters_write_head(text, format, name, "histogram", "seconds",
                      "Time from a request's first byte to its answer's last.");
    for (unsigned i = 0; i < SERIES; i++) {
        const struct request_series *series = &meters->requests[i];
        struct string_buffer labels = {0};
        if (series->method == NULL) continue;
        string_buffer_format(&labels,
                             "http_request_method=\"%s\",http_route=\"%s\","
                             "http_response_status_code=\"%d\"",
                             series->method, series->route, series->status);
        write_histogram(text, name, labels.bytes, &series->histogram);
        string_buffer_finish(&labels);
    }
}

static void write_drops(const struct meters *meters, int32_t format, struct string_buffer *text) {
    static const char *const reasons[METERS_DROPS] = {
        [METERS_DEADLINE] = "deadline",
        [METERS_CLIENT_LEFT] = "client_left",
        [METERS_QUEUE_FULL] = "queue_full",
        [METERS_NOT_READY] = "not_ready",
    };
    meters_write_head(text, format, "mgeo_serve_requests_dropped", "counter", "",
                      "Requests for scores that were not scored, by the reason.");
    for (unsigned i = 0; i < METERS_DROPS; i++) {
        string_buffer_format(text, "mgeo_serve_requests_dropped_total{reason=\"%s\"} %" PRIu64 "\n",
                             reasons[i], meters->drops[i]);
    }
}

static void put_labels(struct string_buffer *text, const struct slot_series *series, int slot) {
    string_buffer_format(text, "slot=\"%s\",version=\"", mgeo_slot_name(slot));
    put_value(text, series->version);
    string_buffer_put(text, "\"");
}

static void write_score_counts(const struct meters *meters, int32_t format,
                               struct string_buffer *text) {
    meters_write_head(text, format, "mgeo_serve_score_requests", "counter", "",
                      "Requests for scores that a model answered.");
    for (int slot = 0; slot < SLOTS; slot++) {
        const struct slot_series *series = &meters->slots[slot];
        for (int ok = 1; series->generation != 0 && ok >= 0; ok--) {
            string_buffer_put(text, "mgeo_serve_score_requests_total{");
            put_labels(text, series, slot);
            string_buffer_format(text, ",outcome=\"%s\"} %" PRIu64 "\n", ok ? "ok" : "error",
                                 ok ? series->ok : series->failed);
        }
    }
}

static void write_score_times(const struct meters *meters, int32_t format,
                              struct string_buffer *text) {
    static const char name[] = "mgeo_serve_score_duration_seconds";
    meters_write_head(text, format, name, "histogram", "seconds",
                      "Time of a request from the queue to its answer.");
    for (int slot = 0; slot < SLOTS; slot++) {
        const struct slot_series *series = &meters->slots[slot];
        struct string_buffer labels = {0};
        if (series->generation == 0) continue;
        put_labels(&labels, series, slot);
        write_histogram(text, name, labels.bytes, &series->histogram);
        string_buffer_finish(&labels);
    }
}

void meters_write(struct meters *meters, int32_t format, struct string_buffer *text) {
    struct meters *copy = memory_zeroed(1, sizeof *copy);
    pthread_mutex_lock(&meters->mutex);
    memcpy(copy->requests, meters->requests, sizeof copy->requests);
    memcpy(copy->slots, meters->slots, sizeof copy->slots);
    memcpy(copy->drops, meters->drops, sizeof copy->drops);
    copy->wait = meters->wait;
    pthread_mutex_unlock(&meters->mutex);
    write_requests(copy, format, text);
    meters_write_head(text, format, "mgeo_serve_queue_wait_seconds", "histogram", "seconds",
                      "Time that a request waited to be scored.");
    write_histogram(text, "mgeo_serve_queue_wait_seconds", "", &copy->wait);
    write_drops(copy, format, text);
    write_score_counts(copy, format, text);
    write_score_times(copy, format, text);
    free(copy);
}
