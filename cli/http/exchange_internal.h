/* SPDX-License-Identifier: Apache-2.0 */
/* What an exchange is made of, for the connection that it runs on. */
#ifndef CLI_HTTP_EXCHANGE_INTERNAL_H
#define CLI_HTTP_EXCHANGE_INTERNAL_H

#include <stdatomic.h>

#include "http/exchange.h"
#include "http/exchange_queue.h"
#include "http/head_scan.h"

enum { EXCHANGE_PEER = 64, EXCHANGE_FIXED = 224 };

struct connection;
struct stream;

/* One block of memory with the request's head behind it. Everything is the loop's, but for what
 * says otherwise. */
struct http_exchange {
    struct http_request request;
    struct connection *connection; /* NULL: the client left, or was cut */
    struct exchange_queue *queue;
    struct http_exchange *next; /* the queue's, and whether it is there */
    bool queued;
    atomic_bool abandoned;
    struct stream *stream;     /* NULL: buffered */
    struct http_answer answer; /* the answering thread's, until it is answered */
    bool answered;             /* the same */
    void *data;                /* the program's */
    bool has_request;          /* false: the head was refused */
    bool expects;              /* "100 Continue" */
    bool keeps_alive;
    int minor;
    size_t body_capacity; /* reserved of the memory for bodies */
    char empty[1];        /* the body of a request without one */
    char fixed[EXCHANGE_FIXED];
    char peer[EXCHANGE_PEER];
    size_t head_length;
    struct http_header headers[];
};

/* `head`: complete, from head_scan; empty for an exchange that is there to be refused. NULL: no
 * memory. */
struct http_exchange *exchange_create(struct http_slice head, size_t headers);

/* Reads the head. False: it is refused. */
bool exchange_read_head(struct http_exchange *exchange, struct refusal *why);

/* By how much the memory for the body must grow before `more` bytes fit. */
size_t exchange_body_growth(const struct http_exchange *exchange, size_t more);
bool exchange_grow_body(struct http_exchange *exchange, size_t growth); /* false: no memory */
size_t exchange_drop_body(struct http_exchange *exchange);              /* how much it was */

/* Calls into the program. Between the two, an answer of this thread is taken without a detour. */
void exchange_enter(struct http_exchange *exchange);
bool exchange_leave(void); /* whether it was answered meanwhile; if not, it may be gone */

/* Lets the program's handler see an answer before it goes out; the thread that answers. */
void exchange_note_answer(struct http_exchange *exchange, struct http_answer *answer);

void exchange_destroy(struct http_exchange *exchange);

#endif
