/* SPDX-License-Identifier: Apache-2.0 */
/* The undecoded bytes of one input. */
#ifndef CLI_INPUT_RAW_INPUT_H
#define CLI_INPUT_RAW_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

enum { RAW_INPUT_BUFFER = 64 * 1024 };

struct raw_input {
    int descriptor;
    bool ended;
    const char *name;
    bool quiet;        /* no warnings */
    size_t begin, end; /* bytes of the buffer not taken yet */
    uint64_t position; /* bytes read from the descriptor */
    uint64_t decoded;  /* bytes of content handed out */
    unsigned char buffer[RAW_INPUT_BUFFER];
};

/* Reads more after what is there, moving it to the buffer's front. False on failure. At the end of
 * the file `ended` is set and nothing is added. */
bool raw_input_more(struct raw_input *raw, struct error *error);

/* What follows whole compressed data and is none of it, as gzip does too: said in one line, and
 * passed over. */
void raw_input_drop(struct raw_input *raw, const char *format);

#endif
