/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of one input, read in bounded memory however long a line is. */
#ifndef CLI_INPUT_LINES_H
#define CLI_INPUT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "input/input.h"

enum {
    LINES_MAX_BYTES = 1024 * 1024, /* bytes of the longest line that is kept whole */
    LINES_HEAD_BYTES = 1024        /* bytes kept of a longer one */
};

struct line {
    const char *text; /* without the line end; valid until the next call */
    size_t length;
    uint64_t number; /* from 1 */
    uint64_t offset; /* of the first byte, in the decompressed input */
    uint64_t bytes;  /* the line's length in the input, line end left out */
    bool too_long;   /* text is only its first LINES_HEAD_BYTES bytes */
};

struct lines {
    struct input *input; /* borrowed */
    char *buffer;
    size_t capacity, begin, end;
    uint64_t number, offset;
    bool ended;
    char head[LINES_HEAD_BYTES]; /* the beginning of an over-long line */
};

void lines_init(struct lines *lines, struct input *input);
void lines_finish(struct lines *lines);

/* The next line: 1, or 0 at the end, or -1 on failure. A final "\r" is taken off, and so is a byte
 * order mark at the very beginning. */
int lines_next(struct lines *lines, struct line *line, struct error *error);

/* Whether lines_next would probably answer without blocking, waiting up to `milliseconds`. */
bool lines_ready(struct lines *lines, int milliseconds);

#endif
