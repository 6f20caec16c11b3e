/* SPDX-License-Identifier: Apache-2.0 */
/* A growing piece of text that output is built in before it is written. */
#ifndef CLI_COMMON_STRING_BUFFER_H
#define CLI_COMMON_STRING_BUFFER_H

#include <stddef.h>

struct string_buffer {
    char *bytes; /* NUL-terminated once anything was appended */
    size_t length;
    size_t capacity;
};

void string_buffer_finish(struct string_buffer *text);
void string_buffer_clear(struct string_buffer *text);
void string_buffer_add(struct string_buffer *text, const char *bytes, size_t length);
void string_buffer_put(struct string_buffer *text, const char *string);
void string_buffer_format(struct string_buffer *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD; what is invisible
 * (utf8_is_invisible) is written \uNNNN, which reads back as the same. */
void string_buffer_json_string(struct string_buffer *text, const char *bytes, size_t length);

/* One TSV cell that can hold anything: tab, line ends, NUL, backslash become \t \n \r \0 \\, and
 * each byte of what is invisible or not UTF-8 \xNN. */
void string_buffer_escaped_cell(struct string_buffer *text, const char *bytes, size_t length);

/* For people to read: each byte of what is invisible or not UTF-8 becomes \xNN. All foreign text
 * that reaches a terminal goes through this once. */
void string_buffer_shown(struct string_buffer *text, const char *bytes, size_t length);

/* The same for lines, whose ends stay. */
void string_buffer_shown_lines(struct string_buffer *text, const char *lines);

/* The same in a column of a table: filled up with blanks on the left to `width` columns of a
 * terminal, or on the right to -width. */
void string_buffer_shown_column(struct string_buffer *text, const char *string, int width);

#endif
