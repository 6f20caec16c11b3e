/* SPDX-License-Identifier: Apache-2.0 */
/* Plays the program, the socket and the clock for one connection. */
#include "rehearsal.h"

#include <string.h>

#define SECOND 1000000000u

const struct http_limits rehearsal_limits = {
    .connections = 10,
    .head_bytes = 1024,
    .header_count = 16,
    .body_bytes = 100 * 1024,
    .head_nanoseconds = 10 * (uint64_t)SECOND,
    .body_nanoseconds = 10 * (uint64_t)SECOND,
    .write_nanoseconds = 10 * (uint64_t)SECOND,
    .idle_nanoseconds = 60 * (uint64_t)SECOND,
};

/* ---- the program ----------------------------------------------------------------------------- */

static bool begins(struct http_slice path, const char *with) {
    return path.length >= strlen(with) && memcmp(path.at, with, strlen(with)) == 0;
}

static void put(struct string_buffer *text, struct http_slice slice, const char *end) {
    string_buffer_add(text, slice.at, slice.length);
    string_buffer_put(text, end);
}

static void answer_with(struct http_exchange *exchange, int status, const char *body,
                        size_t length) {
    struct http_answer answer = {.status = status, .content_type = "text/plain"};
    string_buffer_add(&answer.body, body, length);
    http_exchange_answer(exchange, &answer);
}

static enum http_plan on_head(void *user, struct http_exchange *exchange) {
    struct rehearsal *rehearsal = user;
    const struct http_request *request = http_exchange_request(exchange);
    struct string_buffer *heard = &rehearsal->heard;
    if (rehearsal->check != NULL) rehearsal->check(request, false);
    put(heard, request->method, " ");
    put(heard, request->path, "?");
    put(heard, request->query, "\n");
    for (size_t i = 0; i < request->header_count; i++) {
        put(heard, request->headers[i].name, "=");
        put(heard, request->headers[i].value, "\n");
    }
    if (begins(request->path, "/stream")) return HTTP_STREAM;
    if (!begins(request->path, "/refuse")) return HTTP_BUFFER;
    answer_with(exchange, 413, "no", 2);
    return HTTP_ANSWERED;
}

static void on_ready(void *user, struct http_exchange *exchange) {
    struct rehearsal *rehearsal = user;
    const struct http_request *request = http_exchange_request(exchange);
    if (begins(request->path, "/stream/refuse")) {
        answer_with(exchange, 422, "no", 2);
        return;
    }
    if (begins(request->path, "/stream")) {
        struct http_answer answer = {.status = 200, .content_type = "text/plain"};
        rehearsal->stream = exchange;
        rehearsal->streamed = 0;
        http_stream_begin(exchange, &answer);
        return;
    }
    if (rehearsal->check != NULL) rehearsal->check(request, true);
    string_buffer_format(&rehearsal->heard, "[%zu] ", request->body_length);
    string_buffer_add(&rehearsal->heard, request->body, request->body_length);
    string_buffer_put(&rehearsal->heard, "\n");
    if (begins(request->path, "/later")) {
        rehearsal->later = exchange;
    } else {
        answer_with(exchange, 200, request->body, request->body_length);
    }
}

static void on_done(void *user, struct http_exchange *exchange,
                    const struct http_outcome *outcome) {
    struct rehearsal *rehearsal = user;
    string_buffer_format(&rehearsal->heard, "%s %d %s\n", exchange != NULL ? "done" : "refused",
                         outcome->status, outcome->complete ? "whole" : "cut");
}

static void on_wake(void *user) { ++((struct rehearsal *)user)->woken; }

void rehearsal_init(struct rehearsal *rehearsal, const struct http_limits *limits) {
    memset(rehearsal, 0, sizeof *rehearsal);
    rehearsal->host.handler = (struct http_handler){
        .user = rehearsal, .head = on_head, .ready = on_ready, .done = on_done};
    rehearsal->host.limits = *limits;
    rehearsal->host.now = SECOND;
    rehearsal->host.queue.handler = &rehearsal->host.handler;
    rehearsal->host.queue.wake = on_wake;
    rehearsal->host.queue.user = rehearsal;
    rehearsal->host.queue.handler = &rehearsal->host.handler;
    pthread_mutex_init(&rehearsal->host.queue.lock, NULL);
    rehearsal->send_step = SIZE_MAX;
    connection_init(&rehearsal->connection, &rehearsal->host, 3, "peer");
}

void rehearsal_destroy(struct rehearsal *rehearsal) {
    connection_finish(&rehearsal->connection);
    pthread_mutex_destroy(&rehearsal->host.queue.lock);
    string_buffer_finish(&rehearsal->heard);
    string_buffer_finish(&rehearsal->said);
}

/* ---- what happens by itself ------------------------------------------------------------------ */

/* As much as there is, so that nothing ever waits. Whether anything was done. */
static bool read_stream(struct rehearsal *rehearsal) {
    struct http_exchange *exchange = rehearsal->stream;
    char bytes[512];
    if (exchange == NULL) return false;
    const struct http_request *request = http_exchange_request(exchange);
    bool left = http_exchange_is_abandoned(exchange);
    bool over = rehearsal->streamed == request->content_length;
    if (!left && !over && rehearsal->streamed == request->body_length) return false;
    ptrdiff_t count = left ? -1 : http_stream_read(exchange, bytes, sizeof bytes);
    if (count > 0) {
        string_buffer_add(&rehearsal->heard, bytes, (size_t)count);
        rehearsal->streamed += (size_t)count;
        http_stream_write(exchange, bytes, (size_t)count);
        return true;
    }
    string_buffer_put(&rehearsal->heard, count == 0 ? "[end]\n" : "[left]\n");
    rehearsal->stream = NULL;
    http_stream_end(exchange, count == 0);
    return true;
}

static bool answer_later(struct rehearsal *rehearsal) {
    struct http_exchange *exchange = rehearsal->later;
    if (exchange == NULL || rehearsal->hold) return false;
    const struct http_request *request = http_exchange_request(exchange);
    if (http_exchange_is_abandoned(exchange)) string_buffer_put(&rehearsal->heard, "[left]\n");
    rehearsal->later = NULL;
    answer_with(exchange, 200, request->body, request->body_length);
    return true;
}

static bool take_queue(struct rehearsal *rehearsal) {
    struct http_exchange *exchange = exchange_queue_take(&rehearsal->host.queue);
    if (exchange != NULL) connection_moved(&rehearsal->host, exchange);
    return exchange != NULL;
}

static bool send_some(struct rehearsal *rehearsal) {
    const struct iovec *pieces;
    if (connection_output(&rehearsal->connection, &pieces) == 0) return false;
    size_t count = pieces[0].iov_len;
    if (count > rehearsal->send_step) count = rehearsal->send_step;
    string_buffer_add(&rehearsal->said, pieces[0].iov_base, count);
    connection_sent(&rehearsal->connection, count);
    return true;
}

void rehearsal_settle(struct rehearsal *rehearsal) {
    for (bool moved = true; moved;) {
        moved = send_some(rehearsal);
        moved |= read_stream(rehearsal);
        moved |= answer_later(rehearsal);
        moved |= take_queue(rehearsal);
    }
}

void rehearsal_feed(struct rehearsal *rehearsal, const char *bytes, size_t length, size_t piece) {
    struct connection *connection = &rehearsal->connection;
    while (length > 0 && connection->state != CONNECTION_CLOSED) {
        size_t room = connection_room(connection);
        size_t count = length < piece ? length : piece;
        if (count > room) count = room;
        if (count == 0) return; /* it stays with the kernel */
        connection_receive(connection, bytes, count);
        rehearsal_settle(rehearsal);
        bytes += count;
        length -= count;
    }
}

void rehearsal_wait(struct rehearsal *rehearsal, uint64_t nanoseconds) {
    rehearsal->host.now += nanoseconds;
    uint64_t deadline = connection_deadline(&rehearsal->connection);
    if (deadline != 0 && deadline <= rehearsal->host.now) connection_expire(&rehearsal->connection);
    rehearsal_settle(rehearsal);
}

bool rehearsal_finish(struct rehearsal *rehearsal) {
    struct connection *connection = &rehearsal->connection;
    if (connection->state != CONNECTION_CLOSED) connection_receive_end(connection);
    rehearsal->hold = false;
    rehearsal_settle(rehearsal);
    return connection->state == CONNECTION_CLOSED && connection->exchange == NULL &&
           rehearsal->host.counts.in_flight == 0 && rehearsal->host.counts.body_bytes == 0 &&
           rehearsal->host.queue.first == NULL && rehearsal->later == NULL &&
           rehearsal->stream == NULL;
}
