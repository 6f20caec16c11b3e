/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, also several members one after the other, read through zlib. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/memory.h"
#include "input/decoder.h"

struct gzip {
    z_stream stream;
    bool begun;  /* a member is open */
    bool opened; /* inflateInit2 has run */
};

static void *gzip_open(void) {
    struct gzip *state = memory_zeroed(1, sizeof *state);
    return state;
}

static void gzip_close(void *opaque) {
    struct gzip *state = opaque;
    if (state->opened) inflateEnd(&state->stream);
    free(state);
}

/* At least `count` bytes in the source's buffer, or the end of the file. */
static bool have_bytes(struct raw_input *raw, size_t count, struct error *error) {
    while (raw->end - raw->begin < count && !raw->ended) {
        if (!raw_input_more(raw, error)) return false;
    }
    return true;
}

/* Between members: true if another begins. Zero bytes that pad the file to a block are skipped. */
static bool begin_member(struct gzip *state, struct raw_input *raw, bool *more,
                         struct error *error) {
    *more = false;
    for (;;) {
        if (!have_bytes(raw, 2, error)) return false;
        if (raw->begin == raw->end) return true;
        if (raw->buffer[raw->begin] != 0) break;
        raw->begin++;
    }
    const unsigned char *at = raw->buffer + raw->begin;
    if (raw->end - raw->begin < 2 || at[0] != 0x1F || at[1] != 0x8B) {
        raw_input_drop(raw, "gzip");
        return true;
    }
    int status = state->opened ? inflateReset(&state->stream)
                               : inflateInit2(&state->stream, 15 + 16); /* gzip header wanted */
    if (status != Z_OK) return error_set(error, "%s: gzip: out of memory", raw->name);
    state->opened = state->begun = *more = true;
    return true;
}

static bool inflate_some(struct gzip *state, struct raw_input *raw, struct error *error) {
    if (raw->begin == raw->end && !raw_input_more(raw, error)) return false;
    if (raw->begin == raw->end) {
        return error_set(error,
                         "%s: the gzip data ends early: the file is cut short; fetch it again",
                         raw->name);
    }
    state->stream.next_in = raw->buffer + raw->begin;
    state->stream.avail_in = (uInt)(raw->end - raw->begin);
    int status = inflate(&state->stream, Z_NO_FLUSH);
    raw->begin = raw->end - state->stream.avail_in;
    if (status == Z_STREAM_END) {
        state->begun = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return error_set(error, "%s: the gzip data is damaged (%s)", raw->name,
                         state->stream.msg != NULL ? state->stream.msg : zError(status));
    }
    return true;
}

static ssize_t gzip_read(void *opaque, struct raw_input *raw, char *to, size_t capacity,
                         struct error *error) {
    struct gzip *state = opaque;
    for (;;) {
        bool more = true;
        if (!state->begun && !begin_member(state, raw, &more, error)) return -1;
        if (!more) return 0;
        state->stream.next_out = (Bytef *)to;
        state->stream.avail_out = (uInt)capacity;
        if (!inflate_some(state, raw, error)) return -1;
        if (state->stream.avail_out < capacity) {
            return (ssize_t)(capacity - state->stream.avail_out);
        }
    }
}

const struct decoder decoder_gzip = {
    .name = "gzip", .open = gzip_open, .read = gzip_read, .close = gzip_close};
