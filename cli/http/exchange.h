/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer, as the server hands it to the program. */
#ifndef CLI_HTTP_EXCHANGE_H
#define CLI_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/answer.h"
#include "http/slice.h"

struct http_header {
    struct http_slice name, value; /* the value without blanks around it */
};

/* Valid until the exchange is answered (buffered) or ended (streamed). */
struct http_request {
    struct http_slice method; /* "POST" */
    struct http_slice target; /* as sent: "/match?digits=6" */
    struct http_slice path;   /* "/match", still percent-encoded */
    struct http_slice query;  /* "digits=6", still percent-encoded; empty: none */
    const struct http_header *headers;
    size_t header_count;
    uint64_t content_length; /* 0: no body */
    char *body;              /* of a buffered exchange, NUL-terminated; may be changed in place */
    size_t body_length;
    uint64_t arrived; /* clock_nanoseconds() when its first byte was read */
    int listener;     /* the number that http_server_listen was given */
    bool is_head;     /* HEAD: the answer's body is counted and not sent */
};

struct http_exchange;

const struct http_request *http_exchange_request(const struct http_exchange *exchange);

/* The value of a header, any case; at NULL if it is absent. A header that came twice: the first. */
struct http_slice http_request_header(const struct http_request *request, const char *name);

/* Copies the decoded value of a query's parameter ('+' is a blank), NUL-terminated. False: it is
 * absent, is too long, or is not percent-encoded properly (then *malformed, which may be NULL, is
 * true). */
bool http_request_parameter(const struct http_request *request, const char *name, char *to,
                            size_t capacity, bool *malformed);

/* Decodes %XX of a path's segment, NUL-terminated. False: malformed, NUL inside, or too long. */
bool http_decode(struct http_slice encoded, char *to, size_t capacity);

/* A place for the program's own data about this exchange; NULL at first. Loop's thread or whoever
 * answers. */
void http_exchange_set_data(struct http_exchange *exchange, void *data);
void *http_exchange_data(const struct http_exchange *exchange);

/* "127.0.0.1:53124", or "unix". Valid as long as the exchange. */
const char *http_exchange_peer(const struct http_exchange *exchange);

/* Whether the client has left: its connection was closed or reset, or its side of it was shut
 * before there was an answer. Any thread. */
bool http_exchange_is_abandoned(const struct http_exchange *exchange);

/* Answers, once; what the answer holds is taken and cleared, and the exchange must not be used
 * afterwards. Any thread. */
void http_exchange_answer(struct http_exchange *exchange, struct http_answer *answer);

/* ---- streamed exchanges: one thread of the program's, never the loop's ------------------------
 */

/* Waits for bytes of the body. How many were copied; 0: the body is over; -1: the client left, was
 * too slow, or the server ends. */
ptrdiff_t http_stream_read(struct http_exchange *exchange, char *to, size_t capacity);

/* Sends status and headers of `answer`, whose body must be empty; the body follows in pieces
 * (chunked, or until the connection ends for HTTP/1.0). What the answer holds is taken. */
void http_stream_begin(struct http_exchange *exchange, struct http_answer *answer);

/* Waits while too much is unsent. False: the client left or was too slow. */
bool http_stream_write(struct http_exchange *exchange, const char *bytes, size_t length);

/* Ends the answer; `complete` false cuts the connection so that nobody takes it for whole. The
 * exchange must not be used afterwards. Instead of begin…end http_exchange_answer may be called;
 * what is left of the body is then read and dropped, or the connection closed. */
void http_stream_end(struct http_exchange *exchange, bool complete);

#endif
