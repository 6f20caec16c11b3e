/* SPDX-License-Identifier: Apache-2.0 */
/* What a streamed exchange holds between the loop and the program's thread: bytes that came, bytes
 * that are to go. */
#ifndef CLI_HTTP_STREAM_H
#define CLI_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "http/exchange.h"

struct stream;

/* What the loop finds when it looks. */
struct stream_news {
    bool answered; /* http_exchange_answer was called */
    bool begun;    /* http_stream_begin was called */
    bool ended;    /* the program is done with the exchange */
    bool complete; /* as it said to http_stream_end */
    bool has_output;
};

/* NULL: no memory. `length`: of the body. */
struct stream *stream_create(uint64_t length);
void stream_destroy(struct stream *stream);

/* How the answer's body is framed; before the program has the exchange. */
void stream_frame(struct stream *stream, bool chunked, bool dropped);

/* ---- the loop's side ------------------------------------------------------------------------- */

struct stream_news stream_look(struct stream *stream);

/* Hands bytes of the body over; how many there was room for. If not for all, the exchange is queued
 * once there is. */
size_t stream_put(struct stream *stream, const char *bytes, size_t length);
size_t stream_room(struct stream *stream);

/* What is to go out: it stays valid until the next call. Empty: nothing. */
struct http_slice stream_take_output(struct stream *stream);

/* Bytes of the answer's body that the program wrote, without framing. */
uint64_t stream_written(struct stream *stream);

/* Ends the program's waits: it reads -1 and writes false. */
void stream_fail(struct stream *stream);

/* ---- the program's side ---------------------------------------------------------------------- */

void stream_answer(struct http_exchange *exchange, struct http_answer *answer);

#endif
