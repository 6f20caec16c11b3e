/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to decode one stream of an input: plain, a gzip member, a Zstandard frame. */
#ifndef CLI_INPUT_DECODER_H
#define CLI_INPUT_DECODER_H

#include "input/raw_input.h"

/* A way to read raw input. `read` answers up to `capacity` bytes, 0 at the end of the stream,
 * behind which others may follow, or -1; what was decoded before a fault is answered before it is.
 * `close` frees the state. */
struct decoder {
    const char *name;
    void *(*open)(void);
    ssize_t (*read)(void *state, struct raw_input *raw, char *to, size_t capacity,
                    struct error *error);
    void (*close)(void *state);
};

extern const struct decoder decoder_plain;
extern const struct decoder decoder_gzip;
extern const struct decoder decoder_zstd;

#endif
