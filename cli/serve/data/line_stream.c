/* SPDX-License-Identifier: Apache-2.0 */
/* A buffer that grows up to the longest line. */
#include "serve/data/line_stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { USUAL_BYTES = 65536 };

void line_stream_init(struct line_stream *stream, struct http_exchange *exchange, size_t most) {
    *stream = (struct line_stream){.exchange = exchange, .most = most};
    stream->capacity = most + 1 < USUAL_BYTES ? most + 1 : USUAL_BYTES;
    stream->bytes = memory_resize(NULL, stream->capacity + 1, 1);
}

void line_stream_finish(struct line_stream *stream) { free(stream->bytes); }

/* Where the line that begins at `begin` ends; `end` if that was not read yet. */
static size_t find_end(struct line_stream *stream) {
    const char *from = stream->bytes + stream->scanned;
    const char *found = memchr(from, '\n', stream->end - stream->scanned);
    stream->scanned = found != NULL ? (size_t)(found - stream->bytes) : stream->end;
    return stream->scanned;
}

enum line_kind line_stream_take(struct line_stream *stream, char **text, size_t *length) {
    for (;;) {
        size_t at = find_end(stream), begin = stream->begin;
        bool whole = at < stream->end, skipped = stream->skipping;
        bool too_long = at - begin > stream->most;
        if (!whole && !too_long && !skipped && (!stream->over || at == begin)) return LINE_NONE;
        stream->begin = stream->scanned = at + whole;
        stream->skipping = !whole && (too_long || skipped);
        if (skipped && !whole) return LINE_NONE;
        if (skipped) continue;
        *text = stream->bytes + begin;
        *length = at - begin;
        return too_long ? LINE_TOO_LONG : LINE_WHOLE;
    }
}

/* Makes room for at least one byte: what was taken goes first. */
static void make_room(struct line_stream *stream) {
    size_t left = stream->end - stream->begin;
    if (stream->begin > 0) memmove(stream->bytes, stream->bytes + stream->begin, left);
    stream->scanned -= stream->begin;
    stream->begin = 0;
    stream->end = left;
    if (left < stream->capacity) return;
    size_t most = stream->most + 1; /* with one byte more than a line may have it is too long */
    stream->capacity = stream->capacity * 2 < most ? stream->capacity * 2 : most;
    stream->bytes = memory_resize(stream->bytes, stream->capacity + 1, 1);
}

bool line_stream_read(struct line_stream *stream) {
    make_room(stream);
    ptrdiff_t count = http_stream_read(stream->exchange, stream->bytes + stream->end,
                                       stream->capacity - stream->end);
    if (count < 0) return false;
    stream->end += (size_t)count;
    stream->over = count == 0;
    return true;
}
