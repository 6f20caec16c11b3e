/* SPDX-License-Identifier: Apache-2.0 */
/* A member of gzip, read through zlib. */
#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#include "common/memory.h"
#include "input/decoder.h"

struct gzip {
    z_stream stream;
    int status; /* of inflate: Z_STREAM_END at the member's end */
    bool opened;
    bool full; /* the last answer filled the caller's buffer: more may be waiting inside */
};

static void *gzip_open(void) {
    struct gzip *state = memory_zeroed(1, sizeof *state);
    state->opened = inflateInit2(&state->stream, 15 + 16) == Z_OK; /* gzip's header is wanted */
    return state;
}

static void gzip_close(void *opaque) {
    struct gzip *state = opaque;
    if (state->opened) inflateEnd(&state->stream);
    free(state);
}

static bool refuse(const struct gzip *state, const struct raw_input *raw, struct error *error) {
    if (!state->opened || state->status == Z_MEM_ERROR) {
        return error_set(error, "%s: gzip: out of memory", raw->name);
    }
    const char *why = state->stream.msg != NULL ? state->stream.msg : zError(state->status);
    return error_set(error,
                     "%s: the gzip data is damaged (%s), after %" PRIu64
                     " bytes of its content: fetch it again",
                     raw->name, why, raw->decoded);
}

static bool have_input(struct gzip *state, struct raw_input *raw, struct error *error) {
    if (raw->begin < raw->end || state->full) return true;
    if (!raw_input_more(raw, error)) return false;
    if (raw->begin < raw->end) return true;
    return error_set(error,
                     "%s: the gzip data ends early, after %" PRIu64
                     " bytes of its content: the file is cut short; fetch it again",
                     raw->name, raw->decoded);
}

static ssize_t gzip_read(void *opaque, struct raw_input *raw, char *to, size_t capacity,
                         struct error *error) {
    struct gzip *state = opaque;
    z_stream *stream = &state->stream;
    while (state->status != Z_STREAM_END) {
        bool faulty = !state->opened || (state->status != Z_OK && state->status != Z_BUF_ERROR);
        if (faulty && !refuse(state, raw, error)) return -1;
        if (!have_input(state, raw, error)) return -1;
        stream->next_in = raw->buffer + raw->begin;
        stream->avail_in = (uInt)(raw->end - raw->begin);
        stream->next_out = (Bytef *)to;
        stream->avail_out = (uInt)capacity;
        state->status = inflate(stream, Z_NO_FLUSH);
        raw->begin = raw->end - stream->avail_in;
        state->full = stream->avail_out == 0;
        if (stream->avail_out < capacity) return (ssize_t)(capacity - stream->avail_out);
    }
    return 0;
}

const struct decoder decoder_gzip = {
    .name = "gzip", .open = gzip_open, .read = gzip_read, .close = gzip_close};
