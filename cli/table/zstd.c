/* SPDX-License-Identifier: Apache-2.0 */
/* Zstandard, also several frames one after the other, read through libzstd. */
#include <zstd.h>

#include <stdlib.h>

#include "common/memory.h"
#include "table/raw_input.h"

struct zstd {
    ZSTD_DCtx *context;
    bool inside; /* a frame is open */
    bool full;   /* the last answer filled the caller's buffer: more may be waiting inside */
};

static void *zstd_open(void) {
    struct zstd *state = must_resize(NULL, 1, sizeof *state);
    *state = (struct zstd){.context = ZSTD_createDCtx()};
    return state;
}

static void zstd_close(void *opaque) {
    struct zstd *state = opaque;
    ZSTD_freeDCtx(state->context);
    free(state);
}

static bool decompress_some(struct zstd *state, struct source *source, ZSTD_outBuffer *out,
                            struct fault *fault) {
    ZSTD_inBuffer in = {source->buffer + source->begin, source->end - source->begin, 0};
    size_t left = ZSTD_decompressStream(state->context, out, &in);
    source->begin += in.pos;
    if (ZSTD_isError(left))
        return fault_set(fault, "%s: the zstd data is damaged (%s)", source->name,
                         ZSTD_getErrorName(left));
    state->inside = left != 0;
    state->full = out->pos == out->size;
    return true;
}

static ssize_t zstd_read(void *opaque, struct source *source, char *to, size_t capacity,
                         struct fault *fault) {
    struct zstd *state = opaque;
    if (state->context == NULL) {
        fault_set(fault, "%s: zstd: out of memory", source->name);
        return -1;
    }
    ZSTD_outBuffer out = {to, capacity, 0};
    while (out.pos == 0) {
        if (source->begin == source->end && !state->full && !source_more(source, fault)) return -1;
        if (source->begin == source->end && !state->full) {
            if (!state->inside) return 0;
            fault_set(fault, "%s: the zstd data ends early: the file is cut short; fetch it again",
                      source->name);
            return -1;
        }
        if (!decompress_some(state, source, &out, fault)) return -1;
    }
    return (ssize_t)out.pos;
}

const struct decoder decoder_zstd = {
    .name = "zstd", .open = zstd_open, .read = zstd_read, .close = zstd_close};
