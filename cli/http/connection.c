/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half of a connection. A head is kept until it is complete and then judged as a whole,
 * so that it makes no difference in which pieces it came. */
#include "http/connection.h"

#include <stdlib.h>

#include "http/connection_output.h"
#include "http/stream.h"

enum { HEAD_ROOM = 16 * 1024, BODY_ROOM = 64 * 1024, MOST_DROPPED = 8 * 1024 * 1024 };
#define BODY_BYTES_PER_SECOND 1024u
#define SECOND 1000000000u

void connection_init(struct connection *connection, struct connection_host *host, int listener,
                     const char *peer) {
    memset(connection, 0, sizeof *connection);
    connection->host = host;
    connection->listener = listener;
    connection->read_deadline = host->now + host->limits.idle_nanoseconds;
    size_t length = strnlen(peer, sizeof connection->peer - 1);
    memcpy(connection->peer, peer, length);
}

void connection_finish(struct connection *connection) {
    free(connection->input);
    connection->input = NULL;
}

bool connection_has_reserve(const struct connection_host *host, int listener) {
    return host->reserve.connections > 0 && host->reserve.number == listener;
}

struct connection_share *connection_share_of(struct connection_host *host, int listener) {
    return &host->shares[connection_has_reserve(host, listener) ? 1 : 0];
}

size_t connection_room(const struct connection *connection) {
    switch (connection->state) {
    case CONNECTION_HEAD: return HEAD_ROOM;
    case CONNECTION_BODY:
    case CONNECTION_LINGER: return BODY_ROOM;
    case CONNECTION_RUNNING:
        if (connection->exchange->stream == NULL || connection->input_length > 0) return 0;
        return stream_room(connection->exchange->stream);
    default: return 0;
    }
}

/* ---- what waits ------------------------------------------------------------------------------ */

/* Puts bytes behind those that wait. False: no memory, and the connection is cut. */
static bool append(struct connection *c, const char *bytes, size_t length) {
    size_t needed = c->input_length + length;
    if (c->input == NULL || needed > c->input_capacity) {
        size_t wanted = c->input_capacity * 2 > needed ? c->input_capacity * 2 : needed;
        char *input = realloc(c->input, wanted);
        if (input == NULL) {
            connection_cut(c, true);
            return false;
        }
        c->input = input;
        c->input_capacity = wanted;
    }
    memcpy(c->input + c->input_length, bytes, length);
    c->input_length = needed;
    return true;
}

/* Keeps what was not taken: an idle connection keeps nothing. */
static void keep(struct connection *c, struct http_slice rest, bool is_own) {
    if (c->state == CONNECTION_CLOSED || c->state == CONNECTION_LINGER) rest.length = 0;
    if (rest.length == 0) {
        free(c->input);
        c->input = NULL;
        c->input_length = c->input_capacity = 0;
    } else if (is_own && c->input != NULL) {
        if (rest.at != c->input) memmove(c->input, rest.at, rest.length);
        c->input_length = rest.length;
    } else {
        append(c, rest.at, rest.length);
    }
}

static void take(struct http_slice *rest, size_t length) {
    rest->at += length;
    rest->length -= length;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* Both without a further byte for a while, and slowly on the average, is too slow. */
static void await_body(struct connection *c) {
    uint64_t pause = c->host->limits.body_nanoseconds;
    uint64_t patience = c->body_counted * (SECOND / BODY_BYTES_PER_SECOND);
    uint64_t average = c->body_began + pause + patience;
    c->read_deadline = c->host->now + pause < average ? c->host->now + pause : average;
}

static void begin_body(struct connection *c) {
    c->body_began = c->host->now;
    c->body_counted = 0;
    await_body(c);
}

/* The program gets the exchange; if it answers at once, the answer goes out at once. */
static void hand_over(struct connection *c) {
    struct connection_host *host = c->host;
    c->state = CONNECTION_RUNNING;
    if (c->exchange->stream == NULL) c->read_deadline = 0;
    exchange_enter(c->exchange);
    host->handler.ready(host->handler.user, c->exchange);
    if (exchange_leave()) connection_output_answer(c);
}

/* Small bodies with a reserve are bounded by the number of its connections. */
static bool has_room(const struct connection *c, size_t growth, uint64_t used) {
    const struct connection_host *host = c->host;
    bool reserved = connection_has_reserve(host, c->listener);
    uint64_t most = reserved ? host->reserve.body_bytes : host->limits.body_bytes;
    if (reserved && c->exchange->request.content_length <= host->reserve.small_body) return true;
    return growth <= most && used <= most - growth;
}

static bool reserve(struct connection *c, size_t more) {
    struct connection_host *host = c->host;
    struct connection_share *share = connection_share_of(host, c->listener);
    size_t growth = exchange_body_growth(c->exchange, more);
    if (growth == 0) return true;
    if (!has_room(c, growth, share->body_bytes)) return false;
    if (!exchange_grow_body(c->exchange, growth)) return false;
    share->body_bytes += growth;
    atomic_fetch_add_explicit(&host->counts.body_bytes, growth, memory_order_relaxed);
    return true;
}

static bool read_body(struct connection *c, struct http_slice *rest) {
    struct http_request *request = &c->exchange->request;
    uint64_t missing = request->content_length - request->body_length;
    size_t count = rest->length < missing ? rest->length : (size_t)missing;
    if (count == 0) return false;
    if (!reserve(c, count)) {
        struct refusal why;
        refusal_set(&why, 503, "too_many_bodies",
                    "there is no memory for this body now: try again soon");
        connection_output_refuse(c, &why, 1);
        return true;
    }
    memcpy(request->body + request->body_length, rest->at, count);
    request->body_length += count;
    c->body_counted += count;
    take(rest, count);
    if (request->body_length < request->content_length) {
        await_body(c);
        return false;
    }
    request->body[request->body_length] = '\0';
    hand_over(c);
    return true;
}

static void read_stream(struct connection *c, struct http_slice *rest) {
    struct http_exchange *exchange = c->exchange;
    if (exchange->stream == NULL) return;
    size_t count = stream_put(exchange->stream, rest->at, rest->length);
    uint64_t missing = exchange->request.content_length - exchange->request.body_length;
    exchange->request.body_length += count;
    c->body_counted += count;
    take(rest, count);
    if (missing == count || stream_room(exchange->stream) == 0) {
        c->read_deadline = 0; /* over, or the program is to read on */
    } else if (c->read_deadline == 0) {
        begin_body(c);
    } else if (count > 0) {
        await_body(c);
    }
}

/* ---- heads ----------------------------------------------------------------------------------- */

static bool begin_stream(struct connection *c) {
    struct http_exchange *exchange = c->exchange;
    exchange->stream = stream_create(exchange->request.content_length);
    if (exchange->stream == NULL) {
        connection_cut(c, true);
        return false;
    }
    stream_frame(exchange->stream, exchange->minor > 0, exchange->request.is_head);
    if (exchange->request.content_length > 0) begin_body(c);
    return true;
}

/* The head was accepted: the program says what becomes of the body. */
static void begin_exchange(struct connection *c) {
    struct connection_host *host = c->host;
    struct http_exchange *exchange = c->exchange;
    exchange_enter(exchange);
    enum http_plan plan = host->handler.head(host->handler.user, exchange);
    bool answered = exchange_leave();
    if (answered || plan == HTTP_ANSWERED) {
        c->state = CONNECTION_RUNNING;
        c->read_deadline = 0;
        if (answered) connection_output_answer(c);
        return;
    }
    if (exchange->expects && exchange->request.content_length > 0) connection_output_continue(c);
    if (plan == HTTP_STREAM) {
        c->read_deadline = 0;
        if (begin_stream(c)) hand_over(c);
    } else if (exchange->request.content_length == 0) {
        hand_over(c);
    } else {
        c->state = CONNECTION_BODY;
        begin_body(c);
    }
}

static void open_exchange(struct connection *c, struct http_slice head) {
    struct refusal why;
    /* The lines but the first and the empty one. */
    struct http_exchange *exchange = exchange_create(head, c->scan.lines - 2);
    memset(&c->scan, 0, sizeof c->scan);
    c->empty_line = false;
    if (exchange == NULL) {
        connection_cut(c, true);
        return;
    }
    c->exchange = exchange;
    exchange->connection = c;
    exchange->queue = &c->host->queue;
    exchange->request.arrived = c->arrived;
    exchange->request.listener = c->listener;
    memcpy(exchange->peer, c->peer, sizeof exchange->peer);
    if (!exchange_read_head(exchange, &why)) {
        atomic_fetch_add_explicit(&c->host->counts.malformed, 1, memory_order_relaxed);
        connection_output_refuse(c, &why, 0);
        return;
    }
    atomic_fetch_add_explicit(&c->host->counts.in_flight, 1, memory_order_relaxed);
    begin_exchange(c);
}

/* One empty line before a request is somebody's habit after a body, and is no request. */
static void skip_empty_line(struct connection *c, struct http_slice *rest) {
    if (c->scan.bytes > 0 || c->empty_line || rest->length < 2) return;
    if (rest->at[0] != '\r' || rest->at[1] != '\n') return;
    c->empty_line = true;
    take(rest, 2);
}

/* A lone carriage return may begin an empty line. */
static bool may_be_empty_line(const struct connection *c, struct http_slice rest) {
    return c->scan.bytes == 0 && !c->empty_line && rest.length == 1 && rest.at[0] == '\r';
}

static bool read_head(struct connection *c, struct http_slice *rest) {
    struct connection_host *host = c->host;
    struct refusal why;
    skip_empty_line(c, rest);
    if (rest->length == 0) return false;
    if (c->arrived == 0) {
        c->arrived = host->now;
        c->read_deadline = host->now + host->limits.head_nanoseconds;
    }
    if (may_be_empty_line(c, *rest)) return false;
    switch (head_scan(&c->scan, *rest, host->limits.head_bytes, host->limits.header_count, &why)) {
    case HEAD_SCAN_MORE: return false;
    case HEAD_SCAN_REFUSED:
        atomic_fetch_add_explicit(&host->counts.malformed, 1, memory_order_relaxed);
        connection_output_refuse(c, &why, 0);
        return true;
    default: break;
    }
    struct http_slice head = {rest->at, c->scan.bytes};
    take(rest, head.length);
    open_exchange(c, head);
    return true;
}

/* ---- bytes in -------------------------------------------------------------------------------- */

/* Takes what can be taken now. */
static void process(struct connection *c, struct http_slice *rest) {
    for (bool moved = true; moved;) {
        switch (c->state) {
        case CONNECTION_HEAD: moved = read_head(c, rest); break;
        case CONNECTION_BODY: moved = read_body(c, rest); break;
        case CONNECTION_RUNNING:
            read_stream(c, rest);
            moved = false;
            break;
        default: moved = false;
        }
    }
    /* Nothing comes that could complete it. */
    if (c->input_over && c->state == CONNECTION_HEAD) c->state = CONNECTION_CLOSED;
    bool unanswered = c->state == CONNECTION_BODY || c->state == CONNECTION_RUNNING;
    if (c->input_over && unanswered) connection_output_abandon(c);
}

static void drop(struct connection *c, size_t length) {
    c->dropped += length;
    if (c->dropped > MOST_DROPPED) c->state = CONNECTION_CLOSED;
}

void connection_receive(struct connection *connection, const char *bytes, size_t length) {
    if (connection->state == CONNECTION_CLOSED) return;
    if (connection->state == CONNECTION_LINGER) {
        drop(connection, length);
        return;
    }
    bool is_own = connection->input_length > 0;
    struct http_slice rest = {bytes, length};
    if (is_own) {
        if (!append(connection, bytes, length)) return;
        rest = (struct http_slice){connection->input, connection->input_length};
    }
    process(connection, &rest);
    keep(connection, rest, is_own);
}

/* What waits is looked at again: an exchange has ended, or a stream has room. */
static void resume(struct connection *c) {
    struct http_slice rest = {c->input, c->input_length};
    if (c->input == NULL) rest = (struct http_slice){"", 0};
    process(c, &rest);
    keep(c, rest, true);
}

void connection_receive_end(struct connection *connection) {
    connection->input_over = true;
    switch (connection->state) {
    case CONNECTION_HEAD: connection->state = CONNECTION_CLOSED; break;
    case CONNECTION_BODY:
    case CONNECTION_RUNNING: connection_output_abandon(connection); break;
    case CONNECTION_LINGER: connection->state = CONNECTION_CLOSED; break;
    default: break; /* what is answered already still goes out */
    }
}

/* ---- bytes out ------------------------------------------------------------------------------- */

unsigned connection_output(const struct connection *connection, const struct iovec **pieces) {
    *pieces = connection->pieces + connection->first_piece;
    return connection->piece_count - connection->first_piece;
}

static void advance_pieces(struct connection *c, size_t count) {
    while (c->first_piece < c->piece_count) {
        struct iovec *piece = &c->pieces[c->first_piece];
        size_t step = count < piece->iov_len ? count : piece->iov_len;
        piece->iov_base = (char *)piece->iov_base + step;
        piece->iov_len -= step;
        count -= step;
        if (piece->iov_len > 0) return;
        c->first_piece++;
    }
    c->first_piece = c->piece_count = 0;
}

void connection_sent(struct connection *connection, size_t count) {
    struct connection *c = connection;
    c->sent += count;
    advance_pieces(c, count);
    c->write_deadline = c->piece_count > 0 ? c->host->now + c->host->limits.write_nanoseconds : 0;
    if (c->piece_count > 0) return;
    bool streamed = c->exchange != NULL && c->exchange->stream != NULL;
    if (streamed) {
        connection_output_stream(c);
    } else if (c->state == CONNECTION_ANSWER) {
        connection_output_end(c);
    }
    if (c->state == CONNECTION_HEAD) resume(c);
}

struct connection *connection_moved(struct connection_host *host, struct http_exchange *exchange) {
    struct connection *c = exchange->connection;
    if (c == NULL) {
        connection_output_orphan(host, exchange);
        return NULL;
    }
    if (exchange->stream == NULL) {
        connection_output_answer(c);
        return c;
    }
    if (c->state == CONNECTION_RUNNING) resume(c);
    connection_output_stream(c);
    if (c->state == CONNECTION_HEAD) resume(c);
    return c;
}

/* ---- times ----------------------------------------------------------------------------------- */

uint64_t connection_deadline(const struct connection *connection) {
    uint64_t read = connection->read_deadline, write = connection->write_deadline;
    if (read == 0 || write == 0) return read + write;
    return read < write ? read : write;
}

static void expire_reading(struct connection *c) {
    struct refusal why;
    c->read_deadline = 0;
    if (c->state == CONNECTION_LINGER || (c->state == CONNECTION_HEAD && c->arrived == 0)) {
        c->state = CONNECTION_CLOSED;
        return;
    }
    atomic_fetch_add_explicit(&c->host->counts.timed_out, 1, memory_order_relaxed);
    if (c->state == CONNECTION_RUNNING) {
        c->closing = true;
        stream_fail(c->exchange->stream);
        return;
    }
    bool is_head = c->state == CONNECTION_HEAD;
    refusal_set(&why, 408, is_head ? "slow_head" : "slow_body",
                is_head ? "the request's head did not come in time"
                        : "the request's body did not come in time");
    connection_output_refuse(c, &why, 0);
}

void connection_expire(struct connection *connection) {
    struct connection *c = connection;
    uint64_t now = c->host->now;
    if (c->write_deadline != 0 && c->write_deadline <= now) {
        atomic_fetch_add_explicit(&c->host->counts.timed_out, 1, memory_order_relaxed);
        connection_cut(c, true);
    } else if (c->read_deadline != 0 && c->read_deadline <= now) {
        expire_reading(c);
    }
}

/* ---- endings --------------------------------------------------------------------------------- */

void connection_cut(struct connection *connection, bool reset) {
    if (connection->exchange != NULL) connection_output_abandon(connection);
    connection->state = CONNECTION_CLOSED;
    connection->reset = reset;
    connection->first_piece = connection->piece_count = 0;
}

void connection_turn_away(struct connection *connection) {
    struct refusal why;
    atomic_fetch_add_explicit(&connection->host->counts.refused, 1, memory_order_relaxed);
    refusal_set(&why, 503, "too_many_connections",
                "there are too many connections: try again soon");
    connection_output_refuse(connection, &why, 1);
}

bool connection_end_idle(struct connection *connection) {
    bool idle = connection->state == CONNECTION_HEAD && connection->arrived == 0;
    if (idle) connection->state = CONNECTION_CLOSED;
    return idle;
}
