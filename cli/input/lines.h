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
    char end_byte; /* of a line: '\n', which lines_init sets, or '\r' */
    size_t taken;  /* bytes of the last record, its end included */
    size_t first_taken, first_length, first_bytes; /* of its first line */
    size_t mark;                                   /* bytes of byte order marks before it */
    char head[LINES_HEAD_BYTES];                   /* the beginning of an over-long line */
};

void lines_init(struct lines *lines, struct input *input);
void lines_finish(struct lines *lines);

/* The bytes that come first, not taken: a quarter of a MiB, or fewer where the input ends (`whole`)
 * or makes wait; but at least a line. Before the first lines_next. False on failure. */
bool lines_sample(struct lines *lines, const char **bytes, size_t *length, bool *whole,
                  struct error *error);

/* Passes over bytes of the sample, which end a line. */
void lines_skip(struct lines *lines, size_t length);

/* The next line: 1, or 0 at the end, or -1 on failure. A final "\r" is taken off, and so are byte
 * order marks at the very beginning. */
int lines_next(struct lines *lines, struct line *line, struct error *error);

/* Makes the line just handed out longer by the next one, which `more` is then: 1, or 0 if there is
 * none or the record would have more than `most` bytes, or -1 on failure. line->text may move. */
int lines_extend(struct lines *lines, struct line *line, size_t most, struct line *more,
                 struct error *error);

/* Cuts a record back to its first line; the next one begins after that. */
void lines_shrink(struct lines *lines, struct line *line);

/* Whether lines_next would probably answer without blocking, waiting up to `milliseconds`. */
bool lines_ready(struct lines *lines, int milliseconds);

#endif
