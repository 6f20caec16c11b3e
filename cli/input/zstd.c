/* SPDX-License-Identifier: Apache-2.0 */
/* A frame of Zstandard, read through libzstd. */
#include <inttypes.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "common/memory.h"
#include "input/decoder.h"

enum { HEADER_BYTES = 18, BLOCK_HEADER_BYTES = 3 }; /* of a frame, at most; of a block */

struct zstd {
    ZSTD_DCtx *context;
    size_t code;     /* of the last call: 0 at the frame's end, an error, or bytes wanted next */
    size_t taken;    /* bytes of the header that were given */
    uint64_t before; /* bytes of the input's content before this frame */
    bool begun;
    bool full; /* the last answer filled the caller's buffer: more may be waiting inside */
};

static void *zstd_open(void) {
    struct zstd *state = memory_resize(NULL, 1, sizeof *state);
    *state = (struct zstd){.context = ZSTD_createDCtx(), .code = 1};
    return state;
}

static void zstd_close(void *opaque) {
    struct zstd *state = opaque;
    ZSTD_freeDCtx(state->context);
    free(state);
}

/* What a frame needs that is not given here, or what is wrong with it. */
static bool refuse(const struct zstd *state, const struct raw_input *raw, struct error *error) {
    size_t code = state->code;
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return error_set(
            error,
            "%s: the zstd data needs over 128 MiB of memory: decompress it first: zstd "
            "-dc --long=31 FILE > NEW",
            raw->name);
    case ZSTD_error_dictionary_wrong:
        return error_set(error,
                         "%s: the zstd data was compressed with a dictionary: decompress it first: "
                         "zstd -dc -D DICTIONARY FILE > NEW",
                         raw->name);
    case ZSTD_error_version_unsupported:
        return error_set(error,
                         "%s: the zstd data is of a version before 0.8: decompress it with an "
                         "old zstd",
                         raw->name);
    default: break;
    }
    ZSTD_ErrorCode fault = ZSTD_getErrorCode(code);
    bool may_need = raw->decoded == state->before && (fault == ZSTD_error_corruption_detected ||
                                                      fault == ZSTD_error_dictionary_corrupted);
    return error_set(error,
                     "%s: the zstd data is damaged%s (%s), after %" PRIu64
                     " bytes of its content: fetch it again%s",
                     raw->name, may_need ? ", or made with a dictionary that it does not name" : "",
                     ZSTD_getErrorName(code), raw->decoded,
                     may_need ? ", or decompress it first: zstd -dc -D DICTIONARY FILE" : "");
}

/* What libzstd is given at once, so that a fault takes along no more than its own block: a frame's
 * header byte by byte, or it would decode a small frame in one go; then no more than one block,
 * without the header of the next, which its hint counts in. */
static size_t portion(const struct zstd *state) {
    if (state->full) return 0; /* what waits inside comes first */
    if (state->taken < HEADER_BYTES) return 1;
    return state->code > BLOCK_HEADER_BYTES ? state->code - BLOCK_HEADER_BYTES : state->code;
}

static void decompress_some(struct zstd *state, struct raw_input *raw, ZSTD_outBuffer *out) {
    size_t have = raw->end - raw->begin, most = portion(state);
    if (have > most) have = most;
    ZSTD_inBuffer in = {raw->buffer + raw->begin, have, 0};
    state->code = ZSTD_decompressStream(state->context, out, &in);
    state->taken += state->taken < HEADER_BYTES ? in.pos : 0;
    raw->begin += in.pos;
    state->full = out->pos == out->size;
}

static bool have_input(struct zstd *state, struct raw_input *raw, struct error *error) {
    if (raw->begin < raw->end || state->full) return true;
    if (!raw_input_more(raw, error)) return false;
    if (raw->begin < raw->end) return true;
    return error_set(error,
                     "%s: the zstd data ends early, after %" PRIu64
                     " bytes of its content: the file is cut short; fetch it again",
                     raw->name, raw->decoded);
}

static ssize_t zstd_read(void *opaque, struct raw_input *raw, char *to, size_t capacity,
                         struct error *error) {
    struct zstd *state = opaque;
    if (state->context == NULL) {
        error_set(error, "%s: zstd: out of memory", raw->name);
        return -1;
    }
    if (!state->begun) state->before = raw->decoded;
    state->begun = true;
    ZSTD_outBuffer out = {to, capacity, 0};
    while (out.pos == 0 && state->code != 0) {
        if (ZSTD_isError(state->code)) return refuse(state, raw, error) ? 0 : -1;
        if (!have_input(state, raw, error)) return -1;
        decompress_some(state, raw, &out);
    }
    return (ssize_t)out.pos;
}

const struct decoder decoder_zstd = {
    .name = "zstd", .open = zstd_open, .read = zstd_read, .close = zstd_close};
