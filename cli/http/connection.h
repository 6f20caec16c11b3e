/* SPDX-License-Identifier: Apache-2.0 */
/* One connection as a state machine without a socket: bytes in, requests to the program, answers,
 * bytes out. One exchange at a time; what comes behind it waits. Everything is the loop's thread's.
 */
#ifndef CLI_HTTP_CONNECTION_H
#define CLI_HTTP_CONNECTION_H

#include <stdatomic.h>
#include <sys/uio.h>

#include "http/exchange_internal.h"
#include "http/server.h"

/* Written by the loop, read by any thread. */
struct connection_counts {
    _Atomic uint64_t accepted, refused, open, malformed, timed_out, body_bytes, in_flight;
};

/* What is taken of the room for connections and bodies. */
struct connection_share {
    uint64_t open, surplus; /* connections; of these, those there was no room for */
    uint64_t body_bytes;
};

/* What the connections of a server share. */
struct connection_host {
    struct http_handler handler;
    struct http_limits limits;
    struct http_reserve reserve;       /* of no connections: there is none */
    struct connection_share shares[2]; /* of all listeners, and of those it is reserved for */
    struct connection_counts counts;
    struct exchange_queue queue;
    uint64_t now;  /* clock_nanoseconds() of this turn of the loop */
    char date[48]; /* "Date: …\r\n" */
    bool draining; /* an answer ends its connection */
};

enum connection_state {
    CONNECTION_HEAD,    /* a head is to come, or has begun to */
    CONNECTION_BODY,    /* so has the body of a buffered exchange */
    CONNECTION_RUNNING, /* the program has the exchange; if it is streamed, the body still comes */
    CONNECTION_ANSWER,  /* the program is done, and its answer goes out */
    CONNECTION_LINGER,  /* the last answer is out, and our side shut; what comes is dropped */
    CONNECTION_CLOSED   /* to be closed */
};

enum { CONNECTION_PIECES = 8 };

struct connection {
    struct connection_host *host;
    struct http_exchange *exchange; /* NULL: none now */
    enum connection_state state;
    bool closing;    /* no request follows */
    bool input_over; /* the client has shut its side */
    bool reset;      /* CLOSED: by a reset, so that nobody takes what was sent for whole */
    bool empty_line; /* one was skipped before this head */
    bool head_out;   /* the answer's head is among the pieces, or was */
    int listener;
    char *input; /* came and was not taken yet */
    size_t input_length, input_capacity;
    struct head_scan scan;
    uint64_t arrived; /* first byte of this request; 0: none yet */
    uint64_t body_began, body_counted;
    uint64_t read_deadline, write_deadline; /* 0: none */
    uint64_t sent;                          /* bytes of this answer, with its head */
    uint64_t preface;                       /* of these, head and "100 Continue" */
    size_t dropped;                         /* bytes while lingering */
    unsigned first_piece, piece_count;
    struct iovec pieces[CONNECTION_PIECES];
    char peer[EXCHANGE_PEER];
};

void connection_init(struct connection *connection, struct connection_host *host, int listener,
                     const char *peer);
/* Only when it is CLOSED. */
void connection_finish(struct connection *connection);

/* Whether there is a reserve for this listener, and the share that it takes from. */
bool connection_has_reserve(const struct connection_host *host, int listener);
struct connection_share *connection_share_of(struct connection_host *host, int listener);

/* How many bytes may be read now; 0: leave them with the kernel. */
size_t connection_room(const struct connection *connection);

void connection_receive(struct connection *connection, const char *bytes, size_t length);
void connection_receive_end(struct connection *connection); /* the client shut its side */

/* What is to be sent; the count of pieces, 0: nothing. Then how much of it was. Sending may bring
 * forth the next answer: ask again. */
unsigned connection_output(const struct connection *connection, const struct iovec **pieces);
void connection_sent(struct connection *connection, size_t count);

/* The earliest point of time at which connection_expire has something to do; 0: none. */
uint64_t connection_deadline(const struct connection *connection);
void connection_expire(struct connection *connection);

/* The other side is gone; or, `reset`, is to be cut off. */
void connection_cut(struct connection *connection, bool reset);

/* An answer for a client that there is no room for. */
void connection_turn_away(struct connection *connection);

/* Closes it if nothing of a request has come. Whether it is closed. */
bool connection_end_idle(struct connection *connection);

/* An exchange came out of the queue: it was answered, or its stream moved. Its connection may be
 * gone; the one that has output now is returned, or NULL. */
struct connection *connection_moved(struct connection_host *host, struct http_exchange *exchange);

#endif
