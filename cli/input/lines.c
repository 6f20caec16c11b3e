/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts an input into lines; an over-long line is skipped without being kept. */
#include "input/lines.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { FIRST_CAPACITY = 64 * 1024, LAST_CAPACITY = LINES_MAX_BYTES + FIRST_CAPACITY };

void lines_init(struct lines *lines, struct input *input) {
    memset(lines, 0, sizeof *lines);
    lines->input = input;
    lines->capacity = FIRST_CAPACITY;
    lines->buffer = memory_resize(NULL, lines->capacity, 1);
}

void lines_finish(struct lines *lines) {
    free(lines->buffer);
    memset(lines, 0, sizeof *lines);
}

/* Reads more bytes after those that are there. */
static bool read_more(struct lines *lines, struct error *error) {
    if (lines->begin > 0) {
        memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
        lines->end -= lines->begin;
        lines->begin = 0;
    }
    if (lines->end == lines->capacity) {
        size_t capacity = lines->capacity * 2;
        lines->capacity = capacity < LAST_CAPACITY ? capacity : LAST_CAPACITY;
        lines->buffer = memory_resize(lines->buffer, lines->capacity, 1);
    }
    ssize_t got =
        input_read(lines->input, lines->buffer + lines->end, lines->capacity - lines->end, error);
    if (got < 0) return false;
    lines->ended = got == 0;
    lines->end += (size_t)got;
    return true;
}

static void take_off_ends(struct line *line) {
    if (line->length > 0 && line->text[line->length - 1] == '\r') line->length--;
    while (line->number == 1 && line->length >= 3 && memcmp(line->text, "\xEF\xBB\xBF", 3) == 0) {
        line->text += 3;
        line->length -= 3;
        line->offset += 3;
    }
}

/* Hands out `length` bytes of the buffer as a line; `end` bytes of line end follow it. */
static void deliver(struct lines *lines, struct line *line, size_t length, size_t end) {
    line->text = lines->buffer + lines->begin;
    line->length = length;
    line->bytes = length;
    line->number = ++lines->number;
    line->offset = lines->offset;
    line->too_long = length > LINES_MAX_BYTES;
    if (line->too_long) {
        line->length = LINES_HEAD_BYTES;
    } else {
        take_off_ends(line);
    }
    lines->begin += length + end;
    lines->offset += length + end;
}

/* The buffer holds the first part of an over-long line: keeps its head, drops the rest. */
static int skip_long(struct lines *lines, struct line *line, struct error *error) {
    uint64_t bytes = lines->end;
    memcpy(lines->head, lines->buffer, sizeof lines->head);
    const char *stop = NULL;
    while (stop == NULL && !lines->ended) {
        lines->begin = lines->end = 0;
        if (!read_more(lines, error)) return -1;
        stop = memchr(lines->buffer, '\n', lines->end);
        bytes += stop != NULL ? (size_t)(stop - lines->buffer) : lines->end;
    }
    if (stop != NULL) lines->begin = (size_t)(stop + 1 - lines->buffer);
    *line = (struct line){.text = lines->head,
                          .length = LINES_HEAD_BYTES,
                          .number = ++lines->number,
                          .offset = lines->offset,
                          .bytes = bytes,
                          .too_long = true};
    lines->offset += bytes + (stop != NULL);
    return 1;
}

int lines_next(struct lines *lines, struct line *line, struct error *error) {
    size_t seen = 0; /* bytes of the line already searched */
    for (;;) {
        size_t have = lines->end - lines->begin;
        const char *from = lines->buffer + lines->begin;
        const char *stop = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;
        if (stop != NULL) {
            deliver(lines, line, (size_t)(stop - from), 1);
            return 1;
        }
        if (lines->ended) {
            if (have > 0) deliver(lines, line, have, 0);
            return have > 0;
        }
        seen = have;
        if (have > LINES_MAX_BYTES && lines->begin == 0) return skip_long(lines, line, error);
        if (!read_more(lines, error)) return -1;
    }
}

bool lines_ready(struct lines *lines, int milliseconds) {
    size_t have = lines->end - lines->begin;
    if (have > 0 && memchr(lines->buffer + lines->begin, '\n', have) != NULL) return true;
    return lines->ended || input_ready(lines->input, milliseconds);
}
