/* SPDX-License-Identifier: Apache-2.0 */
/* A connection without sockets, time and threads: bytes in, in pieces of any size; what the program
 * heard, and what the client is told, as texts. */
#ifndef TESTS_CLI_HTTP_REHEARSAL_H
#define TESTS_CLI_HTTP_REHEARSAL_H

#include "common/string_buffer.h"
#include "http/connection.h"

/* What a path begins with says what the program does: "/later": answers once the client waits;
 * "/stream": says back what comes, "/stream/refuse" does not; "/refuse": answers before the body;
 * others: at once. */
struct rehearsal {
    struct connection_host host;
    struct connection connection;
    struct string_buffer heard; /* heads, bodies, ends */
    struct string_buffer said;
    struct http_exchange *later, *stream;
    size_t streamed;  /* bytes of the stream's body that were read */
    size_t send_step; /* bytes that the socket takes at once */
    bool hold;        /* "/later" waits for rehearsal_settle with hold false */
    unsigned woken;
    void (*check)(const struct http_request *request, bool ready); /* NULL, or sees all of them */
};

extern const struct http_limits rehearsal_limits;

void rehearsal_init(struct rehearsal *rehearsal, const struct http_limits *limits);

/* Feeds all bytes, `piece` at once, and lets everything happen that can. */
void rehearsal_feed(struct rehearsal *rehearsal, const char *bytes, size_t length, size_t piece);
void rehearsal_settle(struct rehearsal *rehearsal);

/* Moves the clock, and ends what is too slow. */
void rehearsal_wait(struct rehearsal *rehearsal, uint64_t nanoseconds);

/* The client closes. False: something is left that should be gone. */
bool rehearsal_finish(struct rehearsal *rehearsal);
void rehearsal_destroy(struct rehearsal *rehearsal);

#endif
