/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to decode an input: plain, gzip, Zstandard. */
#ifndef CLI_INPUT_DECODER_H
#define CLI_INPUT_DECODER_H

#include "input/raw_input.h"

/* A way to read raw input. `read` answers as input_read does; `close` frees the state. */
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
