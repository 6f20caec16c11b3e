/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts an input into lines; an over-long line is skipped without being kept. */
#include "input/lines.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { SAMPLE_BYTES = 256 * 1024 };
enum { FIRST_CAPACITY = 64 * 1024, LAST_CAPACITY = LINES_MAX_BYTES + FIRST_CAPACITY };

void lines_init(struct lines *lines, struct input *input) {
    memset(lines, 0, sizeof *lines);
    lines->input = input;
    lines->end_byte = '\n';
    lines->capacity = FIRST_CAPACITY;
    lines->buffer = memory_resize(NULL, lines->capacity, 1);
}

void lines_finish(struct lines *lines) {
    free(lines->buffer);
    memset(lines, 0, sizeof *lines);
}

/* Reads more bytes after those that are there. */
static bool read_more(struct lines *lines, struct error *error) {
    if (lines->failed) {
        *error = lines->failure;
        return false;
    }
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

bool lines_sample(struct lines *lines, const char **bytes, size_t *length, bool *whole,
                  struct error *error) {
    bool line = false;
    while (!lines->ended && lines->end < (line ? SAMPLE_BYTES : LINES_MAX_BYTES)) {
        line = line || (lines->end > 0 && memchr(lines->buffer, '\n', lines->end) != NULL);
        if (line && lines->end >= SAMPLE_BYTES) break;
        if (line && !input_ready(lines->input, 0)) break;
        if (read_more(lines, error)) continue;
        /* What stands before a fault is read first; asked again, the fault is the same. */
        if (lines->end == 0 || error->line[0] == '\0') return false;
        break;
    }
    *bytes = lines->buffer;
    *length = lines->end;
    *whole = lines->ended;
    return true;
}

void lines_skip(struct lines *lines, size_t length) {
    lines->begin += length;
    lines->offset += length;
    lines->number++;
}

static void take_off_carriage(struct line *line) {
    if (line->length > 0 && line->text[line->length - 1] == '\r') line->length--;
}

static void take_off_ends(struct lines *lines, struct line *line) {
    take_off_carriage(line);
    while (line->number == 1 && line->length >= 3 && memcmp(line->text, "\xEF\xBB\xBF", 3) == 0) {
        line->text += 3;
        line->length -= 3;
        line->offset += 3;
        line->bytes -= 3;
        lines->mark += 3;
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
    lines->mark = 0;
    if (line->too_long) {
        line->length = LINES_HEAD_BYTES;
    } else {
        take_off_ends(lines, line);
    }
    lines->taken = lines->first_taken = length + end;
    lines->first_length = line->length;
    lines->first_bytes = line->bytes;
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
        stop = memchr(lines->buffer, lines->end_byte, lines->end);
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
        const char *stop = have > seen ? memchr(from + seen, lines->end_byte, have - seen) : NULL;
        if (stop != NULL) {
            deliver(lines, line, (size_t)(stop - from), 1);
            return 1;
        }
        if (lines->ended) {
            /* A newline after the last carriage return that ended a line is no line. */
            if (have == 1 && *from == '\n' && lines->end_byte == '\r') return 0;
            if (have > 0) deliver(lines, line, have, 0);
            return have > 0;
        }
        seen = have;
        if (have > LINES_MAX_BYTES && lines->begin == 0) return skip_long(lines, line, error);
        if (!read_more(lines, error)) return -1;
    }
}

/* Bytes of the record with one line more, its end included; 0: there is none, or too many. */
static int find_longer(struct lines *lines, size_t most, size_t *longer, struct error *error) {
    size_t seen = lines->taken;
    for (;;) {
        size_t have = lines->end - lines->begin;
        const char *from = lines->buffer + lines->begin;
        const char *stop = have > seen ? memchr(from + seen, lines->end_byte, have - seen) : NULL;
        *longer = stop != NULL ? (size_t)(stop - from) + 1 : have;
        if (stop == NULL && !lines->ended && have <= most) {
            seen = have;
            if (!read_more(lines, error)) return -1;
            continue;
        }
        bool there = stop != NULL || lines->ended;
        return there && *longer > lines->taken && *longer <= most;
    }
}

int lines_extend(struct lines *lines, struct line *line, size_t most, struct line *more,
                 struct error *error) {
    if (line->too_long) return 0;
    size_t longer;
    lines->begin -= lines->taken;
    int got = find_longer(lines, most, &longer, error);
    const char *record = lines->buffer + lines->begin;
    line->text = record + lines->mark;
    if (got > 0) {
        bool ended = record[longer - 1] == lines->end_byte;
        *more =
            (struct line){.text = record + lines->taken, .length = longer - lines->taken - ended};
        take_off_carriage(more);
        line->length = (size_t)(more->text + more->length - line->text);
        line->bytes = longer - lines->mark - ended;
        lines->offset += longer - lines->taken;
        lines->number++;
        lines->taken = longer;
    }
    lines->begin += lines->taken;
    return got;
}

void lines_shrink(struct lines *lines, struct line *line) {
    size_t back = lines->taken - lines->first_taken;
    lines->begin -= back;
    lines->offset -= back;
    lines->number = line->number;
    lines->taken = lines->first_taken;
    line->length = lines->first_length;
    line->bytes = lines->first_bytes;
}

bool lines_at_end(const struct lines *lines) { return lines->ended && lines->begin == lines->end; }

bool lines_peek(const struct lines *lines, const char **text, size_t *length) {
    size_t have = lines->end - lines->begin;
    *text = lines->buffer + lines->begin;
    const char *stop = have > 0 ? memchr(*text, lines->end_byte, have) : NULL;
    *length = stop != NULL ? (size_t)(stop - *text) : 0;
    return stop != NULL;
}

/* The beginning of a line is taken in as it comes, so that nobody waits for its end who does not
 * have to. */
bool lines_ready(struct lines *lines, int milliseconds) {
    const char *text;
    size_t length;
    while (!lines_peek(lines, &text, &length)) {
        if (lines->ended || lines->failed) return true;
        if (lines->end - lines->begin > LINES_MAX_BYTES) return true;
        if (!input_ready(lines->input, milliseconds)) return false;
        struct error failure = {""};
        if (!read_more(lines, &failure)) {
            lines->failed = true;
            lines->failure = failure;
        }
    }
    return true;
}
