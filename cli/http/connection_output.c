/* SPDX-License-Identifier: Apache-2.0 */
/* The answering half of a connection. Heads and bodies are not copied into one: they go out as
 * pieces of what the exchange holds. */
#include "http/connection_output.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "http/stream.h"

#define LINGER_NANOSECONDS 2000000000u

/* ---- pieces ---------------------------------------------------------------------------------- */

static void add_piece(struct connection *c, const char *bytes, size_t length) {
    if (length == 0) return;
    c->pieces[c->piece_count++] = (struct iovec){(void *)bytes, length};
    if (c->write_deadline == 0) {
        c->write_deadline = c->host->now + c->host->limits.write_nanoseconds;
    }
}

void connection_output_continue(struct connection *connection) {
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    add_piece(connection, line, sizeof line - 1);
    connection->preface += sizeof line - 1;
}

/* ---- heads ----------------------------------------------------------------------------------- */

static bool has_length(int status) { return status >= 200 && status != 204 && status != 304; }

/* How long the body is, or that it comes in chunks, or (HTTP/1.0) until the connection ends. */
static void write_framing(const struct http_exchange *exchange, bool streamed, char *to,
                          size_t capacity) {
    to[0] = '\0';
    if (streamed && exchange->minor > 0) snprintf(to, capacity, "Transfer-Encoding: chunked\r\n");
    if (streamed || !has_length(exchange->answer.status)) return;
    snprintf(to, capacity, "Content-Length: %zu\r\n", exchange->answer.body.length);
}

static const char *persistence(const struct connection *c) {
    if (c->closing) return "Connection: close\r\n";
    return c->exchange->minor == 0 ? "Connection: keep-alive\r\n" : "";
}

static void add_head(struct connection *c, bool streamed) {
    struct http_exchange *exchange = c->exchange;
    struct http_answer *answer = &exchange->answer;
    char framing[48];
    if (!exchange->keeps_alive || c->host->draining) c->closing = true;
    write_framing(exchange, streamed, framing, sizeof framing);
    int length = snprintf(exchange->fixed, sizeof exchange->fixed, "HTTP/1.1 %d %s\r\n%s%s%s",
                          answer->status, http_reason(answer->status), c->host->date, framing,
                          persistence(c));
    if (answer->content_type != NULL) {
        http_answer_header(answer, "Content-Type", answer->content_type);
    }
    string_buffer_add(&answer->headers, "\r\n", 2);
    c->preface += (size_t)length + answer->headers.length;
    c->head_out = true;
    add_piece(c, exchange->fixed, (size_t)length);
    add_piece(c, answer->headers.bytes, answer->headers.length);
}

static void release_body(struct connection_host *host, struct http_exchange *exchange) {
    size_t freed = exchange_drop_body(exchange);
    if (freed == 0) return;
    connection_share_of(host, exchange->request.listener)->body_bytes -= freed;
    atomic_fetch_sub_explicit(&host->counts.body_bytes, freed, memory_order_relaxed);
}

void connection_output_answer(struct connection *connection) {
    struct http_exchange *exchange = connection->exchange;
    const struct string_buffer *body = &exchange->answer.body;
    if (exchange->request.body_length < exchange->request.content_length) {
        connection->closing = true; /* where the next request begins will not be known */
    }
    release_body(connection->host, exchange);
    add_head(connection, false);
    if (!exchange->request.is_head && has_length(exchange->answer.status)) {
        add_piece(connection, body->bytes, body->length);
    }
    connection->read_deadline = 0;
    connection->state = CONNECTION_ANSWER;
}

void connection_output_refuse(struct connection *connection, const struct refusal *why,
                              int retry_after) {
    static const struct http_slice nothing = {"", 0};
    struct http_error error = {.status = why->status,
                               .code = why->code,
                               .index = -1,
                               .limit = why->limit,
                               .retry_after = retry_after};
    connection->closing = true;
    if (connection->exchange == NULL) {
        connection->exchange = exchange_create(nothing, 0);
        if (connection->exchange == NULL) {
            connection_cut(connection, true);
            return;
        }
        connection->exchange->connection = connection;
        connection->exchange->request.arrived = connection->arrived;
    }
    struct http_answer *answer = &connection->exchange->answer;
    if (why->limit > 0) {
        char sentence[160];
        const char *number = strstr(why->sentence, "%zu");
        snprintf(sentence, sizeof sentence, "%.*s%zu%s", (int)(number - why->sentence),
                 why->sentence, why->limit, number + 3);
        http_answer_error(answer, &error, "%s", sentence);
    } else {
        http_answer_error(answer, &error, "%s", why->sentence);
    }
    connection_output_answer(connection);
}

/* ---- the end of an exchange ------------------------------------------------------------------ */

static void finish_exchange(struct connection_host *host, struct http_exchange *exchange,
                            const struct http_outcome *outcome) {
    struct http_exchange *shown = exchange->has_request ? exchange : NULL;
    release_body(host, exchange);
    host->handler.done(host->handler.user, shown, outcome);
    if (exchange->has_request) {
        atomic_fetch_sub_explicit(&host->counts.in_flight, 1, memory_order_relaxed);
    }
    exchange_destroy(exchange);
}

static uint64_t since(uint64_t arrived) { return arrived == 0 ? 0 : clock_nanoseconds() - arrived; }

static void end_exchange(struct connection *c, bool complete) {
    struct http_exchange *exchange = c->exchange;
    struct http_outcome outcome = {
        .status = c->head_out ? exchange->answer.status : 0,
        .sent = c->sent > c->preface ? c->sent - c->preface : 0,
        .received = exchange->request.body_length,
        .nanoseconds = since(exchange->request.arrived),
        .complete = complete,
    };
    if (exchange->stream != NULL && !exchange->answered && !exchange->request.is_head) {
        outcome.sent = stream_written(exchange->stream);
    }
    c->exchange = NULL;
    c->head_out = false;
    c->sent = c->preface = c->arrived = 0;
    finish_exchange(c->host, exchange, &outcome);
}

void connection_output_linger(struct connection *connection) {
    connection->state = connection->input_over ? CONNECTION_CLOSED : CONNECTION_LINGER;
    connection->read_deadline = connection->host->now + LINGER_NANOSECONDS;
    connection->write_deadline = 0;
}

void connection_output_end(struct connection *connection) {
    end_exchange(connection, true);
    if (connection->closing) {
        connection_output_linger(connection);
        return;
    }
    connection->state = CONNECTION_HEAD;
    connection->read_deadline = connection->host->now + connection->host->limits.idle_nanoseconds;
}

/* While the program has the exchange, it is told, and the end comes when it has answered. */
void connection_output_abandon(struct connection *connection) {
    struct http_exchange *exchange = connection->exchange;
    bool is_programs = connection->state == CONNECTION_RUNNING;
    connection->state = CONNECTION_CLOSED;
    connection->first_piece = connection->piece_count = 0;
    if (!is_programs) {
        end_exchange(connection, false);
        return;
    }
    connection->exchange = NULL;
    exchange->connection = NULL;
    atomic_store_explicit(&exchange->abandoned, true, memory_order_relaxed);
    if (exchange->stream != NULL) stream_fail(exchange->stream);
}

void connection_output_orphan(struct connection_host *host, struct http_exchange *exchange) {
    if (exchange->stream != NULL && !stream_look(exchange->stream).ended) {
        stream_take_output(exchange->stream);
        return;
    }
    struct http_outcome outcome = {.received = exchange->request.body_length,
                                   .nanoseconds = since(exchange->request.arrived)};
    finish_exchange(host, exchange, &outcome);
}

/* ---- streams --------------------------------------------------------------------------------- */

/* All that the program wrote is out. */
static void end_stream(struct connection *c, bool complete) {
    struct http_exchange *exchange = c->exchange;
    bool cut = !complete && (exchange->minor == 0 || !c->head_out);
    if (!complete || exchange->request.body_length < exchange->request.content_length) {
        c->closing = true;
    }
    if (complete) {
        connection_output_end(c);
        return;
    }
    end_exchange(c, false);
    connection_output_linger(c);
    if (cut) connection_cut(c, true);
}

void connection_output_stream(struct connection *connection) {
    struct connection *c = connection;
    if (c->state != CONNECTION_RUNNING && c->state != CONNECTION_ANSWER) return;
    struct http_exchange *exchange = c->exchange;
    struct stream_news news = stream_look(exchange->stream);
    bool has_room = c->piece_count == 0;
    if (news.answered) {
        if (!c->head_out) {
            connection_output_answer(c);
        } else if (has_room) {
            connection_output_end(c);
        }
        return;
    }
    if (news.begun && !c->head_out) {
        if (exchange->minor == 0) c->closing = true;
        add_head(c, true);
    }
    if (news.ended) {
        c->state = CONNECTION_ANSWER;
        c->read_deadline = 0;
    }
    if (has_room && news.has_output) {
        struct http_slice output = stream_take_output(exchange->stream);
        add_piece(c, output.at, output.length);
    }
    if (news.ended && c->piece_count == 0) end_stream(c, news.complete);
}
