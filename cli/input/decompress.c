/* SPDX-License-Identifier: Apache-2.0 */
/* One stream after the other, each by the decoder that its first bytes ask for. */
#include "input/decompress.h"

#include <string.h>

enum { MARK_BYTES = 4 }; /* by which a stream is known */

void decompress_finish(struct decompress *decompress) {
    if (decompress->state != NULL) decompress->decoder->close(decompress->state);
    decompress->state = NULL;
}

static bool is_zstd(const unsigned char *at) {
    bool skippable = (at[0] & 0xF0) == 0x50 && at[1] == 0x2A && at[2] == 0x4D && at[3] == 0x18;
    return skippable || memcmp(at, "\x28\xB5\x2F\xFD", 4) == 0;
}

/* The decoder that the next bytes ask for; NULL: none. */
static const struct decoder *find_decoder(const struct raw_input *raw) {
    const unsigned char *at = raw->buffer + raw->begin;
    size_t length = raw->end - raw->begin;
    if (length >= 2 && at[0] == 0x1F && at[1] == 0x8B) return &decoder_gzip;
    return length >= MARK_BYTES && is_zstd(at) ? &decoder_zstd : NULL;
}

/* Enough bytes to know a stream by, or all that there are. */
static bool have_mark(struct raw_input *raw, struct error *error) {
    while (raw->end - raw->begin < MARK_BYTES && !raw->ended) {
        if (!raw_input_more(raw, error)) return false;
    }
    return true;
}

static bool skip_zeros(struct raw_input *raw, struct error *error) {
    for (;;) {
        while (raw->begin < raw->end && raw->buffer[raw->begin] == 0) raw->begin++;
        if (raw->begin < raw->end || raw->ended) return true;
        if (!raw_input_more(raw, error)) return false;
    }
}

static bool begin_stream(struct decompress *decompress, struct raw_input *raw,
                         struct error *error) {
    bool first = decompress->before == NULL;
    if ((!first && !skip_zeros(raw, error)) || !have_mark(raw, error)) return false;
    const struct decoder *found = find_decoder(raw);
    if (found == NULL && first) found = &decoder_plain;
    if (found == NULL) {
        if (raw->begin < raw->end) raw_input_drop(raw, decompress->before);
        decompress->ended = true;
        return true;
    }
    decompress->decoder = found;
    decompress->state = found->open();
    decompress->before = found->name;
    return true;
}

/* Plain text goes on to the end: there is nothing behind it. */
static void end_stream(struct decompress *decompress) {
    decompress->ended = decompress->decoder == &decoder_plain;
    decompress_finish(decompress);
    decompress->decoder = NULL;
}

ssize_t decompress_read(struct decompress *decompress, struct raw_input *raw, char *to,
                        size_t capacity, struct error *error) {
    while (!decompress->ended) {
        if (decompress->decoder == NULL) {
            if (!begin_stream(decompress, raw, error)) return -1;
            continue;
        }
        ssize_t got = decompress->decoder->read(decompress->state, raw, to, capacity, error);
        if (got > 0) raw->decoded += (uint64_t)got;
        if (got != 0) return got;
        end_stream(decompress);
    }
    return 0;
}

bool decompress_is_compressed(const struct decompress *decompress) {
    return decompress->before != NULL && strcmp(decompress->before, decoder_plain.name) != 0;
}
