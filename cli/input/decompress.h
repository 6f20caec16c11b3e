/* SPDX-License-Identifier: Apache-2.0 */
/* The content of an input, whatever streams it is stored in: plain, or members of gzip and frames
 * of Zstandard in any order, as `cat a.gz b.zst` makes them. */
#ifndef CLI_INPUT_DECOMPRESS_H
#define CLI_INPUT_DECOMPRESS_H

#include "input/decoder.h"

/* All zero at first. */
struct decompress {
    const struct decoder
        *decoder; /* of the stream in hand; NULL: the next one is to be looked at */
    void *state;
    const char *before; /* the kind of the stream before; NULL: none */
    bool ended;
};

void decompress_finish(struct decompress *decompress);

/* Up to `capacity` bytes; 0 at the end, -1 on failure. Bytes behind whole compressed data that are
 * none are told and passed over; zeros, which pad a file to a block, only the latter. */
ssize_t decompress_read(struct decompress *decompress, struct raw_input *raw, char *to,
                        size_t capacity, struct error *error);

/* Whether anything read so far was compressed. */
bool decompress_is_compressed(const struct decompress *decompress);

#endif
