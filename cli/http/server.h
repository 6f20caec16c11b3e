/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 server in one thread: listeners, connections, limits and times. Requests of one
 * connection run one after the other: while one runs, nothing behind it is read. */
#ifndef CLI_HTTP_SERVER_H
#define CLI_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "http/exchange.h"

struct http_limits {
    uint32_t connections;       /* more are accepted, answered 503 and closed */
    uint32_t head_bytes;        /* request line and headers: 431, 414 */
    uint32_t header_count;      /* 431 */
    uint64_t body_bytes;        /* of all bodies in memory together: 503 beyond. A streamed
                                   exchange has 64 KiB in and about 256 KiB out besides */
    uint64_t head_nanoseconds;  /* from a request's first byte to the end of its head: 408 */
    uint64_t body_nanoseconds;  /* without a further byte of the body: 408; a body must also come
                                   at 1 KiB a second on average after that time */
    uint64_t write_nanoseconds; /* without a byte that the client takes: cut */
    uint64_t idle_nanoseconds;  /* between requests: closed */
};

/* Room that the listeners of one number have to themselves, whatever the clients of others do. */
struct http_reserve {
    int number;           /* http_server_listen's */
    uint32_t connections; /* as in http_limits, which hold for the others then */
    uint64_t body_bytes;  /* the same */
    uint64_t small_body;  /* bodies up to this size have room in any case */
};

enum http_plan {
    HTTP_BUFFER,  /* read the whole body, then call ready */
    HTTP_STREAM,  /* call ready now; the body is read by http_stream_read */
    HTTP_ANSWERED /* http_exchange_answer was called: read no body, and close if there is one */
};

/* How an exchange ended. */
struct http_outcome {
    int status;           /* 0: the client left before there was an answer */
    uint64_t sent;        /* bytes of the answer's body */
    uint64_t received;    /* bytes of the request's body */
    uint64_t nanoseconds; /* from the request's first byte to the answer's last */
    bool complete;        /* all of the answer went out */
};

/* The program. All are called in the loop's thread and must not wait. */
struct http_handler {
    void *user;
    /* The head was read. */
    enum http_plan (*head)(void *user, struct http_exchange *exchange);
    /* The body is there (or is to be streamed): answer now, or later from another thread. */
    void (*ready)(void *user, struct http_exchange *exchange);
    /* An answer, or the head of a streamed one, is about to go out: a place for headers that all
     * have. Called in http_exchange_answer and http_stream_begin, by the thread that calls these;
     * not for what the server refuses itself. NULL: nothing to add. */
    void (*answering)(void *user, struct http_exchange *exchange, struct http_answer *answer);
    /* An exchange is over, also one that the server refused itself (`exchange` NULL where there was
     * no request to speak of). For logs and counts. */
    void (*done)(void *user, struct http_exchange *exchange, const struct http_outcome *outcome);
};

struct http_counts {
    uint64_t accepted, refused, open; /* connections; refused for want of room */
    uint64_t malformed;               /* requests that were refused for their form */
    uint64_t timed_out;               /* clients that were too slow */
    uint64_t body_bytes;              /* in memory now */
    uint64_t in_flight;               /* exchanges that were begun and are not over */
};

struct http_server;

/* On success *server is the caller's, freed by http_server_destroy. */
bool http_server_create(const struct http_limits *limits, const struct http_handler *handler,
                        struct http_server **server, struct error *error);

/* Takes a listening socket over. `number` names it in http_request.listener. */
bool http_server_listen(struct http_server *server, int descriptor, int number,
                        struct error *error);

/* Before http_server_run, and once. */
void http_server_reserve(struct http_server *server, const struct http_reserve *reserve);

/* Serves in the calling thread until http_server_stop; then closes listeners, waits until the
 * exchanges in flight are over, at most `grace` nanoseconds, and returns. */
void http_server_run(struct http_server *server);

/* Any thread, and signal handlers. */
void http_server_stop(struct http_server *server, uint64_t grace);

/* From now on every answer says "Connection: close"; idle connections stay until their next answer.
 * Any thread. */
void http_server_drain(struct http_server *server);

/* Sets other limits; connections that are open keep what they have begun with. Loop's thread. */
void http_server_set_limits(struct http_server *server, const struct http_limits *limits);

/* Calls `task` in the loop's thread, soon. Any thread. */
void http_server_post(struct http_server *server, void (*task)(void *user), void *user);

/* Calls `task` every so often in the loop's thread; up to 8 of them. Before http_server_run. */
void http_server_every(struct http_server *server, uint64_t nanoseconds, void (*task)(void *user),
                       void *user);

/* Watches a descriptor for reading (a signalfd, say); up to 8 of them. Before http_server_run. */
void http_server_watch(struct http_server *server, int descriptor, void (*task)(void *user),
                       void *user);

/* Any thread. */
void http_server_get_counts(const struct http_server *server, struct http_counts *counts);

/* After http_server_run, and after the program has answered or ended what it still had: those
 * exchanges are done now. */
void http_server_destroy(struct http_server *server);

#endif
