/* SPDX-License-Identifier: Apache-2.0 */
/* Threads with a connection each, which ask both models in turn so that both meet the same machine.
 */
#include "ctl/load/load_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "common/memory.h"
#include "ctl/load/connection.h"
#include "ctl/show.h"
#include "ctl/url.h"

enum { TIMES_MOST = 1000000, REQUEST_SECONDS = 10, FAILURES_MOST = 100 };

/* Times of one thread for one model. */
struct times {
    double *seconds;
    size_t count, capacity;
    uint64_t requests, errors;
};

struct worker {
    pthread_t thread;
    const struct remote *remote;
    const struct pairs *pairs;
    const struct url *url; /* NULL: the operating side */
    uint64_t end;          /* clock_nanoseconds() */
    size_t next;           /* pair */
    struct times tested, live;
    char first_error[300];
};

static void note(struct times *times, double seconds) {
    times->requests++;
    if (times->count == TIMES_MOST) return;
    if (times->count == times->capacity) {
        times->capacity = times->capacity > 0 ? times->capacity * 2 : 1024;
        times->seconds = memory_resize(times->seconds, times->capacity, sizeof *times->seconds);
    }
    times->seconds[times->count++] = seconds;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void write_request(const struct worker *worker, const char *model,
                          struct string_buffer *request) {
    size_t length;
    const char *pair = pairs_at(worker->pairs, worker->next, &length);
    const char *token = worker->remote->token;
    struct string_buffer body = {0};
    string_buffer_put(&body, "{\"pairs\": [");
    string_buffer_add(&body, pair, length);
    string_buffer_put(&body, "]");
    if (worker->url == NULL) string_buffer_format(&body, ", \"model\": \"%s\"", model);
    string_buffer_put(&body, "}");
    string_buffer_clear(request);
    string_buffer_format(request, "POST %s HTTP/1.1\r\nHost: %s\r\n",
                         worker->url != NULL ? worker->url->path : "/operate/score",
                         worker->url != NULL ? worker->url->server : "localhost");
    if (worker->url == NULL && token[0] != '\0') {
        string_buffer_format(request, "Authorization: Bearer %s\r\n", token);
    }
    string_buffer_format(request, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                         body.length);
    string_buffer_add(request, body.bytes, body.length);
    string_buffer_finish(&body);
}

static void ask(struct worker *worker, struct connection *connection, const char *model,
                struct times *times, struct string_buffer *request) {
    struct error error = {""};
    write_request(worker, model, request);
    double begun = clock_seconds();
    int status = connection_call(connection, request, REQUEST_SECONDS, &error);
    note(times, clock_seconds() - begun);
    if (status == 200) return;
    if (status >= 0) error_set(&error, "%s answers with status %d", connection->server, status);
    if (times->errors++ > 0 || worker->first_error[0] != '\0') return;
    snprintf(worker->first_error, sizeof worker->first_error, "%s", error.line);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct connection connection;
    struct string_buffer request = {0};
    interrupt_leave_to_main();
    connection_init(&connection,
                    worker->url != NULL ? worker->url->server : worker->remote->server);
    while (clock_nanoseconds() < worker->end && !interrupt_stopping() &&
           worker->tested.errors + worker->live.errors < FAILURES_MOST) {
        ask(worker, &connection, "standby", &worker->tested, &request);
        if (worker->url == NULL) ask(worker, &connection, "live", &worker->live, &request);
        worker->next = (worker->next + 1) % worker->pairs->count;
    }
    connection_finish(&connection);
    string_buffer_finish(&request);
    return NULL;
}

/* ---- figures --------------------------------------------------------------------------------- */

static int compare_times(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* All threads' times, put together and sorted; `live` chooses which. */
static void measure(const struct worker *workers, unsigned count, bool live,
                    struct load_test_figures *figures) {
    size_t total = 0, at = 0;
    for (unsigned i = 0; i < count; i++) {
        total += (live ? &workers[i].live : &workers[i].tested)->count;
    }
    double *all = memory_resize(NULL, total + 1, sizeof *all);
    *figures = (struct load_test_figures){0};
    for (unsigned i = 0; i < count; i++) {
        const struct times *times = live ? &workers[i].live : &workers[i].tested;
        if (times->count > 0) memcpy(all + at, times->seconds, times->count * sizeof *all);
        at += times->count;
        figures->requests += times->requests;
        figures->errors += times->errors;
    }
    qsort(all, total, sizeof *all, compare_times);
    if (total > 0) {
        figures->p50 = all[total / 2];
        figures->p99 = all[(size_t)((double)total * 0.99)];
        figures->most = all[total - 1];
    }
    free(all);
}

static unsigned start(struct worker *workers, unsigned count) {
    unsigned started = 0;
    while (started < count &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0) {
        started++;
    }
    return started;
}

static void run(struct load_test *test, struct worker *workers, unsigned count) {
    double begun = clock_seconds();
    unsigned started = start(workers, count);
    for (unsigned i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
    test->seconds = clock_seconds() - begun;
    measure(workers, started, false, &test->tested);
    measure(workers, started, true, &test->live);
    for (unsigned i = 0; i < started; i++) {
        if (test->first_error[0] != '\0') break;
        memcpy(test->first_error, workers[i].first_error, sizeof test->first_error);
    }
}

bool load_test_run(struct load_test *test, const struct remote *remote, const struct pairs *pairs,
                   struct error *error) {
    const struct options *options = remote->options;
    struct url url;
    *test = (struct load_test){0};
    if (options->url != NULL && !url_read(&url, options->url, "/match", error)) return false;
    struct worker *workers = memory_zeroed(options->connections, sizeof *workers);
    uint64_t end = clock_nanoseconds() + (uint64_t)(options->load_test * 1e9);
    for (uint32_t i = 0; i < options->connections; i++) {
        workers[i] = (struct worker){.remote = remote,
                                     .pairs = pairs,
                                     .url = options->url != NULL ? &url : NULL,
                                     .end = end,
                                     .next = i * 7919u % pairs->count};
    }
    run(test, workers, options->connections);
    for (uint32_t i = 0; i < options->connections; i++) {
        free(workers[i].tested.seconds);
        free(workers[i].live.seconds);
    }
    free(workers);
    if (interrupt_stopping()) return error_set(error, "%s", "interrupted");
    return test->tested.requests > 0 || error_set(error, "no thread could be started");
}

static void show_times(struct string_buffer *text, const struct load_test_figures *figures) {
    string_buffer_put(text, "P50 ");
    show_seconds(text, figures->p50);
    string_buffer_put(text, ", P99 ");
    show_seconds(text, figures->p99);
}

void load_test_show(struct string_buffer *text, const struct load_test *test) {
    string_buffer_format(text, "%llu requests in %.3g s, %llu errors, ",
                         (unsigned long long)test->tested.requests, test->seconds,
                         (unsigned long long)test->tested.errors);
    show_times(text, &test->tested);
    if (test->live.requests == 0) return;
    string_buffer_put(text, " (live in turn: ");
    if (test->live.errors > 0) {
        string_buffer_format(text, "%llu errors, ", (unsigned long long)test->live.errors);
    }
    show_times(text, &test->live);
    string_buffer_put(text, ")");
}

static json_t *figures_json(const struct load_test_figures *figures) {
    return json_pack("{s:I, s:I, s:f, s:f, s:f}", "requests", (json_int_t)figures->requests,
                     "errors", (json_int_t)figures->errors, "p50", figures->p50, "p99",
                     figures->p99, "max", figures->most);
}

json_t *load_test_json(const struct load_test *test) {
    json_t *json =
        json_pack("{s:f, s:o}", "seconds", test->seconds, "tested", figures_json(&test->tested));
    if (test->live.requests > 0) json_object_set_new(json, "live", figures_json(&test->live));
    return json;
}
