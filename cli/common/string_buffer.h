/* SPDX-License-Identifier: Apache-2.0 */
/* A growing piece of text that output is built in before it is written. */
#ifndef CLI_COMMON_STRING_BUFFER_H
#define CLI_COMMON_STRING_BUFFER_H

#include <stddef.h>

struct text {
    char *bytes; /* NUL-terminated once anything was appended */
    size_t length;
    size_t capacity;
};

void text_finish(struct text *text);
void text_clear(struct text *text);
void text_add(struct text *text, const char *bytes, size_t length);
void text_put(struct text *text, const char *string);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void text_json_string(struct text *text, const char *bytes, size_t length);

/* One TSV cell that can hold anything: tab, line ends, NUL, backslash and bytes that are not UTF-8
 * become \t \n \r \0 \\ \xNN. */
void text_escaped_cell(struct text *text, const char *bytes, size_t length);

#endif
