/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, also several members one after the other, read through zlib. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/memory.h"
#include "table/raw_input.h"

struct gzip {
    z_stream stream;
    bool begun;  /* a member is open */
    bool opened; /* inflateInit2 has run */
};

static void *gzip_open(void) {
    struct gzip *state = must_resize(NULL, 1, sizeof *state);
    memset(state, 0, sizeof *state);
    return state;
}

static void gzip_close(void *opaque) {
    struct gzip *state = opaque;
    if (state->opened) inflateEnd(&state->stream);
    free(state);
}

/* At least `count` bytes in the source's buffer, or the end of the file. */
static bool have_bytes(struct source *source, size_t count, struct fault *fault) {
    while (source->end - source->begin < count && !source->ended)
        if (!source_more(source, fault)) return false;
    return true;
}

/* Between members: true if another begins. Zero bytes that pad the file to a block are skipped. */
static bool begin_member(struct gzip *state, struct source *source, bool *more,
                         struct fault *fault) {
    *more = false;
    for (;;) {
        if (!have_bytes(source, 2, fault)) return false;
        if (source->begin == source->end) return true;
        if (source->buffer[source->begin] != 0) break;
        source->begin++;
    }
    const unsigned char *at = source->buffer + source->begin;
    if (source->end - source->begin < 2 || at[0] != 0x1F || at[1] != 0x8B)
        return fault_set(fault, "%s: bytes that are not gzip follow the gzip data", source->name);
    int status = state->opened ? inflateReset(&state->stream)
                               : inflateInit2(&state->stream, 15 + 16); /* gzip header wanted */
    if (status != Z_OK) return fault_set(fault, "%s: gzip: out of memory", source->name);
    state->opened = state->begun = *more = true;
    return true;
}

static bool inflate_some(struct gzip *state, struct source *source, struct fault *fault) {
    if (source->begin == source->end && !source_more(source, fault)) return false;
    if (source->begin == source->end)
        return fault_set(fault,
                         "%s: the gzip data ends early: the file is cut short; fetch it again",
                         source->name);
    state->stream.next_in = source->buffer + source->begin;
    state->stream.avail_in = (uInt)(source->end - source->begin);
    int status = inflate(&state->stream, Z_NO_FLUSH);
    source->begin = source->end - state->stream.avail_in;
    if (status == Z_STREAM_END)
        state->begun = false;
    else if (status != Z_OK && status != Z_BUF_ERROR)
        return fault_set(fault, "%s: the gzip data is damaged (%s)", source->name,
                         state->stream.msg != NULL ? state->stream.msg : zError(status));
    return true;
}

static ssize_t gzip_read(void *opaque, struct source *source, char *to, size_t capacity,
                         struct fault *fault) {
    struct gzip *state = opaque;
    for (;;) {
        bool more = true;
        if (!state->begun && !begin_member(state, source, &more, fault)) return -1;
        if (!more) return 0;
        state->stream.next_out = (Bytef *)to;
        state->stream.avail_out = (uInt)capacity;
        if (!inflate_some(state, source, fault)) return -1;
        if (state->stream.avail_out < capacity)
            return (ssize_t)(capacity - state->stream.avail_out);
    }
}

const struct decoder decoder_gzip = {
    .name = "gzip", .open = gzip_open, .read = gzip_read, .close = gzip_close};
