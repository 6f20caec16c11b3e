/* SPDX-License-Identifier: Apache-2.0 */
/* Hops from delimiter to delimiter and from quote to quote. */
#include "table/record.h"

#include <string.h>

/* The quote that closes a cell, or NULL; *from is the first byte inside. */
static const char *closing_quote(const struct dialect *dialect, const char *from, const char *end,
                                 bool *doubled) {
    const char quote = dialect_quote(dialect), *at = from;
    while (at < end && (at = memchr(at, quote, (size_t)(end - at))) != NULL) {
        if (at + 1 == end || at[1] != quote) return at;
        *doubled = true;
        at += 2;
    }
    return NULL;
}

static const char *skip_padding(const struct dialect *dialect, const char *at, const char *end) {
    while (dialect->padded && at < end && *at == ' ') at++;
    return at;
}

static const char *next_delimiter(const struct dialect *dialect, const char *from,
                                  const char *end) {
    const char *found = from < end ? memchr(from, dialect->delimiter, (size_t)(end - from)) : NULL;
    return found != NULL ? found : end;
}

/* A cell that begins with a quote at `from`; answers where it ends. */
static const char *quoted_cell(const struct dialect *dialect, const char *from, const char *end,
                               struct record_cell *cell) {
    const char *close = closing_quote(dialect, from + 1, end, &cell->doubled);
    const char *behind = close != NULL ? skip_padding(dialect, close + 1, end) : NULL;
    if (close != NULL && (behind == end || *behind == dialect->delimiter)) {
        cell->inner = (struct table_cell){from + 1, (size_t)(close - from - 1)};
        return behind;
    }
    cell->fault = close == NULL ? RECORD_OPEN : RECORD_STRAY;
    cell->doubled = false;
    const char *stop = next_delimiter(dialect, from, end);
    cell->inner = (struct table_cell){from, (size_t)(stop - from)};
    return stop;
}

bool record_next(const struct dialect *dialect, struct table_cell record, size_t *at,
                 struct record_cell *cell) {
    if (*at > record.length) return false;
    const char *from = record.text + *at, *end = record.text + record.length, *stop;
    cell->doubled = false;
    cell->fault = RECORD_SOUND;
    const char *first = skip_padding(dialect, from, end);
    if (dialect->quoted && first < end && *first == dialect_quote(dialect)) {
        stop = quoted_cell(dialect, first, end, cell);
    } else {
        stop = next_delimiter(dialect, from, end);
        cell->inner = (struct table_cell){from, (size_t)(stop - from)};
    }
    *at = (size_t)(stop - record.text) + 1;
    return true;
}

size_t record_count(const struct dialect *dialect, struct table_cell record,
                    enum record_fault *fault) {
    size_t at = 0, count = 0;
    struct record_cell cell;
    if (fault != NULL) *fault = RECORD_SOUND;
    while (record_next(dialect, record, &at, &cell)) {
        count++;
        if (fault != NULL && cell.fault != RECORD_SOUND && *fault == RECORD_SOUND) {
            *fault = cell.fault;
        }
    }
    return count;
}

enum record_fault record_continue(const struct dialect *dialect, struct table_cell more) {
    bool ignored;
    const char *end = more.text + more.length;
    const char *close = closing_quote(dialect, more.text, end, &ignored);
    if (close == NULL) return RECORD_OPEN;
    const char *behind = skip_padding(dialect, close + 1, end);
    if (behind == end) return RECORD_SOUND;
    if (*behind != dialect->delimiter) return RECORD_STRAY;
    enum record_fault fault;
    record_count(dialect, (struct table_cell){behind + 1, (size_t)(end - behind - 1)}, &fault);
    return fault;
}

size_t record_undouble(const struct dialect *dialect, const char *text, size_t length, char *to) {
    char quote = dialect_quote(dialect);
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        to[out++] = text[i];
        if (text[i] == quote && i + 1 < length && text[i + 1] == quote) i++;
    }
    return out;
}

static bool needs_quotes(const struct dialect *dialect, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == dialect_quote(dialect) || byte == '\n' || byte == '\r' ||
            byte == dialect->delimiter) {
            return true;
        }
    }
    return length > 0 && dialect->padded && text[0] == ' ';
}

static void write_quoted(struct string_buffer *to, char quote, const char *text, size_t length) {
    string_buffer_add(to, &quote, 1);
    size_t begin = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != quote) continue;
        string_buffer_add(to, text + begin, i + 1 - begin);
        begin = i; /* the quote again */
    }
    string_buffer_add(to, text + begin, length - begin);
    string_buffer_add(to, &quote, 1);
}

bool record_write_cell(struct string_buffer *to, const struct dialect *dialect, const char *text,
                       size_t length) {
    if (dialect->quoted) {
        if (needs_quotes(dialect, text, length)) {
            write_quoted(to, dialect_quote(dialect), text, length);
        } else {
            string_buffer_add(to, text, length);
        }
        return true;
    }
    size_t begin = to->length;
    bool held = true;
    string_buffer_add(to, text, length);
    for (size_t i = begin; i < to->length; i++) {
        char byte = to->bytes[i];
        if (byte != '\n' && byte != '\r' && byte != dialect->delimiter) continue;
        to->bytes[i] = ' ';
        held = false;
    }
    return held;
}
