/* SPDX-License-Identifier: Apache-2.0 */
/* A server for the tests: says back what it was asked, at once, later, from other threads, in
 * streams, and tells which requests ran. */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "http/listener.h"
#include "http/server.h"

enum { MOST_BODY = 8 * 1024 * 1024 };

static struct http_server *server;
static uint64_t grace = 5000000000u;
static unsigned ran; /* requests of which the program heard */
static unsigned done_count, done_whole, done_left, done_refused; /* and how they ended */
static uint64_t done_sent, done_received;
static unsigned ticks;
static atomic_uint answering; /* threads */

/* ---- answers --------------------------------------------------------------------------------- */

static void fill(struct http_answer *answer, const struct http_request *request) {
    answer->status = 200;
    answer->content_type = "text/plain";
    http_answer_header_integer(answer, "X-Headers", request->header_count);
    string_buffer_format(&answer->body, "%.*s %.*s %.*s %zu\n", (int)request->method.length,
                         request->method.at, (int)request->path.length, request->path.at,
                         (int)request->query.length, request->query.at, request->body_length);
    string_buffer_add(&answer->body, request->body, request->body_length);
}

static uint64_t parameter(const struct http_request *request, const char *name) {
    char text[32] = "0";
    http_request_parameter(request, name, text, sizeof text, NULL);
    return strtoull(text, NULL, 10);
}

static void answer_counts(struct http_exchange *exchange) {
    struct http_answer answer = {.status = 200, .content_type = "application/json"};
    struct http_counts counts;
    http_server_get_counts(server, &counts);
    string_buffer_format(
        &answer.body,
        "{\"ran\": %u, \"done\": %u, \"whole\": %u, \"left\": %u, \"refused_requests\": %u, "
        "\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"ticks\": %u, \"open\": %" PRIu64
        ", \"accepted\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"malformed\": %" PRIu64
        ", \"timed_out\": %" PRIu64 ", \"body_bytes\": %" PRIu64 ", \"in_flight\": %" PRIu64
        ", \"peer\": \"%s\"}",
        ran, done_count, done_whole, done_left, done_refused, done_sent, done_received, ticks,
        counts.open, counts.accepted, counts.refused, counts.malformed, counts.timed_out,
        counts.body_bytes, counts.in_flight, http_exchange_peer(exchange));
    http_exchange_answer(exchange, &answer);
}

static void answer_big(struct http_exchange *exchange, size_t bytes) {
    struct http_answer answer = {.status = 200, .content_type = "application/octet-stream"};
    char *filled = malloc(bytes + 1);
    if (filled == NULL) abort();
    memset(filled, 'x', bytes);
    string_buffer_add(&answer.body, filled, bytes);
    free(filled);
    http_exchange_answer(exchange, &answer);
}

/* ---- other threads --------------------------------------------------------------------------- */

static void wait_milliseconds(uint64_t milliseconds) {
    clock_sleep_until(clock_nanoseconds() + milliseconds * 1000000u);
}

static void *answer_later(void *given) {
    struct http_exchange *exchange = given;
    const struct http_request *request = http_exchange_request(exchange);
    uint64_t until = clock_nanoseconds() + parameter(request, "ms") * 1000000u;
    while (clock_nanoseconds() < until && !http_exchange_is_abandoned(exchange)) {
        wait_milliseconds(1);
    }
    struct http_answer answer = {0};
    fill(&answer, request);
    http_exchange_answer(exchange, &answer);
    atomic_fetch_sub(&answering, 1);
    return NULL;
}

/* What comes goes back. ?cut=1: it ends before the end. ?refuse=1: an answer without reading.
 * ?slow: milliseconds before each read. */
static void *answer_streamed(void *given) {
    struct http_exchange *exchange = given;
    const struct http_request *request = http_exchange_request(exchange);
    struct http_answer answer = {.status = 200, .content_type = "text/plain"};
    bool cut = parameter(request, "cut") != 0;
    uint64_t slow = parameter(request, "slow");
    char bytes[10000];
    ptrdiff_t count = 0;
    if (parameter(request, "refuse") != 0) {
        struct http_error error = {.status = 422, .code = "refused", .index = -1};
        http_answer_error(&answer, &error, "it was not wanted");
        http_exchange_answer(exchange, &answer);
        atomic_fetch_sub(&answering, 1);
        return NULL;
    }
    http_stream_begin(exchange, &answer);
    do {
        if (slow > 0) wait_milliseconds(slow);
        count = http_stream_read(exchange, bytes, sizeof bytes);
    } while (count > 0 && http_stream_write(exchange, bytes, (size_t)count));
    http_stream_end(exchange, count == 0 && !cut);
    atomic_fetch_sub(&answering, 1);
    return NULL;
}

static void in_thread(struct http_exchange *exchange, void *(*run)(void *)) {
    pthread_t thread;
    atomic_fetch_add(&answering, 1);
    if (pthread_create(&thread, NULL, run, exchange) != 0) abort();
    pthread_detach(thread);
}

/* ---- the handler ----------------------------------------------------------------------------- */

static enum http_plan on_head(void *user, struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    (void)user;
    ran++;
    if (http_slice_equals(request->path, "/stream")) return HTTP_STREAM;
    if (request->content_length <= MOST_BODY) return HTTP_BUFFER;
    struct http_answer answer = {0};
    struct http_error error = {
        .status = 413, .code = "body_too_large", .index = -1, .limit = MOST_BODY};
    http_answer_error(&answer, &error, "a body has at most %d bytes", MOST_BODY);
    http_exchange_answer(exchange, &answer);
    return HTTP_ANSWERED;
}

static void on_ready(void *user, struct http_exchange *exchange) {
    const struct http_request *request = http_exchange_request(exchange);
    struct http_answer answer = {0};
    (void)user;
    http_exchange_set_data(exchange, &ran);
    if (http_slice_equals(request->path, "/stream")) {
        in_thread(exchange, answer_streamed);
    } else if (http_slice_equals(request->path, "/later")) {
        in_thread(exchange, answer_later);
    } else if (http_slice_equals(request->path, "/big")) {
        answer_big(exchange, parameter(request, "bytes"));
    } else if (http_slice_equals(request->path, "/counts")) {
        answer_counts(exchange);
    } else {
        fill(&answer, request);
        http_exchange_answer(exchange, &answer);
    }
}

static void on_done(void *user, struct http_exchange *exchange,
                    const struct http_outcome *outcome) {
    (void)user;
    if (exchange == NULL) {
        done_refused++;
        return;
    }
    done_count++;
    done_whole += outcome->complete;
    done_left += outcome->status == 0;
    done_sent += outcome->sent;
    done_received += outcome->received;
}

/* ---- the program ----------------------------------------------------------------------------- */

static void on_signal(int number) {
    if (number == SIGTERM) http_server_stop(server, grace);
    if (number == SIGUSR1) http_server_drain(server);
}

static void count_tick(void *user) { ++*(unsigned *)user; }

/* "head_ms=500", and so on. */
static void set_limit(struct http_limits *limits, const char *text) {
    const struct {
        const char *name;
        uint32_t *count;
        uint64_t *bytes, *nanoseconds;
    } known[] = {
        {"connections=", .count = &limits->connections},
        {"head_bytes=", .count = &limits->head_bytes},
        {"headers=", .count = &limits->header_count},
        {"bodies=", .bytes = &limits->body_bytes},
        {"head_ms=", .nanoseconds = &limits->head_nanoseconds},
        {"body_ms=", .nanoseconds = &limits->body_nanoseconds},
        {"write_ms=", .nanoseconds = &limits->write_nanoseconds},
        {"idle_ms=", .nanoseconds = &limits->idle_nanoseconds},
        {"grace_ms=", .nanoseconds = &grace},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t length = strlen(known[i].name);
        if (strncmp(text, known[i].name, length) != 0) continue;
        uint64_t number = strtoull(text + length, NULL, 10);
        if (known[i].count != NULL) *known[i].count = (uint32_t)number;
        if (known[i].bytes != NULL) *known[i].bytes = number;
        if (known[i].nanoseconds != NULL) *known[i].nanoseconds = number * 1000000u;
        return;
    }
    fprintf(stderr, "echo_server: no limit is called %s\n", text);
    exit(2);
}

static bool open_server(const struct http_limits *limits, const char *address) {
    static const struct http_handler handler = {
        .head = on_head, .ready = on_ready, .done = on_done};
    struct error error;
    char name[256];
    int listener = listener_open(address, 0660, &error);
    if (listener < 0 || !http_server_create(limits, &handler, &server, &error) ||
        !http_server_listen(server, listener, 0, &error)) {
        fprintf(stderr, "echo_server: %s\n", error.line);
        return false;
    }
    signal(SIGTERM, on_signal);
    signal(SIGUSR1, on_signal);
    listener_name(listener, name, sizeof name);
    printf("%s\n", name);
    fflush(stdout);
    return true;
}

int main(int count, char **arguments) {
    struct http_limits limits = {
        .connections = 4096,
        .head_bytes = 16384,
        .header_count = 100,
        .body_bytes = 64 * 1024 * 1024,
        .head_nanoseconds = 30000000000u,
        .body_nanoseconds = 30000000000u,
        .write_nanoseconds = 30000000000u,
        .idle_nanoseconds = 60000000000u,
    };
    if (count < 2) return 2;
    for (int i = 2; i < count; i++) set_limit(&limits, arguments[i]);
    if (!open_server(&limits, arguments[1])) return 1;
    http_server_every(server, 20000000u, count_tick, &ticks);
    http_server_run(server);
    while (atomic_load(&answering) > 0) wait_milliseconds(1);
    http_server_destroy(server);
    listener_close(-1, arguments[1]);
    return 0;
}
