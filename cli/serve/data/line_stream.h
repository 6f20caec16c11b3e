/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a body that is read as it comes, in bounded memory. */
#ifndef CLI_SERVE_DATA_LINE_STREAM_H
#define CLI_SERVE_DATA_LINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/exchange.h"

struct line_stream {
    struct http_exchange *exchange;
    char *bytes; /* and one more, for a NUL */
    size_t capacity, begin, end, scanned;
    size_t most;   /* bytes of a line */
    bool skipping; /* what is left of a line that is too long */
    bool over;     /* the body was read to its end */
};

enum line_kind {
    LINE_NONE, /* no whole line is there: read on, unless the stream is over */
    LINE_WHOLE,
    LINE_TOO_LONG
};

/* In the thread that serves the exchange. */
void line_stream_init(struct line_stream *stream, struct http_exchange *exchange, size_t most);
void line_stream_finish(struct line_stream *stream);

/* The next line that is there, without its end. It stays until line_stream_read, may be changed in
 * place, and text[length] may be written too. */
enum line_kind line_stream_take(struct line_stream *stream, char **text, size_t *length);

/* Waits for more. False: the client left, or was too slow. */
bool line_stream_read(struct line_stream *stream);

#endif
