/* SPDX-License-Identifier: Apache-2.0 */
/* Zstandard, also several frames one after the other, read through libzstd. */
#include <zstd.h>
#include <zstd_errors.h>

#include <stdlib.h>

#include "common/memory.h"
#include "common/message.h"
#include "input/decoder.h"

struct zstd {
    ZSTD_DCtx *context;
    bool begun;  /* a frame has been read */
    bool inside; /* a frame is open */
    bool full;   /* the last answer filled the caller's buffer: more may be waiting inside */
};

static void *zstd_open(void) {
    struct zstd *state = memory_resize(NULL, 1, sizeof *state);
    *state = (struct zstd){.context = ZSTD_createDCtx()};
    return state;
}

static void zstd_close(void *opaque) {
    struct zstd *state = opaque;
    ZSTD_freeDCtx(state->context);
    free(state);
}

/* What a frame needs that is not given here, or what is wrong with it. */
static bool refuse(const struct raw_input *raw, size_t code, struct error *error) {
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return error_set(
            error,
            "%s: the zstd data needs over 128 MiB of memory: decompress it first: zstd "
            "-dc --long=31 FILE | %s",
            raw->name, message_program());
    case ZSTD_error_dictionary_wrong:
        return error_set(error,
                         "%s: the zstd data was compressed with a dictionary: decompress it first: "
                         "zstd -dc -D DICTIONARY FILE | %s",
                         raw->name, message_program());
    case ZSTD_error_version_unsupported:
        return error_set(error,
                         "%s: the zstd data is of a version before 0.8: decompress it with an "
                         "old zstd",
                         raw->name);
    default:
        return error_set(error, "%s: the zstd data is damaged (%s)", raw->name,
                         ZSTD_getErrorName(code));
    }
}

static bool decompress_some(struct zstd *state, struct raw_input *raw, ZSTD_outBuffer *out,
                            struct error *error) {
    ZSTD_inBuffer in = {raw->buffer + raw->begin, raw->end - raw->begin, 0};
    size_t left = ZSTD_decompressStream(state->context, out, &in);
    raw->begin += in.pos;
    if (ZSTD_isError(left) && state->begun && !state->inside &&
        ZSTD_getErrorCode(left) == ZSTD_error_prefix_unknown) {
        raw_input_drop(raw, "zstd");
        return true;
    }
    if (ZSTD_isError(left)) return refuse(raw, left, error);
    state->begun = true;
    state->inside = left != 0;
    state->full = out->pos == out->size;
    return true;
}

static ssize_t zstd_read(void *opaque, struct raw_input *raw, char *to, size_t capacity,
                         struct error *error) {
    struct zstd *state = opaque;
    if (state->context == NULL) {
        error_set(error, "%s: zstd: out of memory", raw->name);
        return -1;
    }
    ZSTD_outBuffer out = {to, capacity, 0};
    while (out.pos == 0) {
        if (raw->begin == raw->end && !state->full && !raw_input_more(raw, error)) return -1;
        if (raw->begin == raw->end && !state->full) {
            if (!state->inside) return 0;
            error_set(error, "%s: the zstd data ends early: the file is cut short; fetch it again",
                      raw->name);
            return -1;
        }
        if (!decompress_some(state, raw, &out, error)) return -1;
    }
    return (ssize_t)out.pos;
}

const struct decoder decoder_zstd = {
    .name = "zstd", .open = zstd_open, .read = zstd_read, .close = zstd_close};
