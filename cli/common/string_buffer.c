/* SPDX-License-Identifier: Apache-2.0 */
/* Appending to a growing buffer, with the escapings that the outputs need. */
#include "common/string_buffer.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"

void string_buffer_finish(struct string_buffer *text) {
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

void string_buffer_clear(struct string_buffer *text) { text->length = 0; }

static void reserve(struct string_buffer *text, size_t more) {
    if (text->capacity - text->length > more) return;
    size_t wanted = text->length + more + 1;
    size_t capacity = text->capacity * 2 > wanted ? text->capacity * 2 : wanted;
    text->bytes = memory_resize(text->bytes, capacity, 1);
    text->capacity = capacity;
}

void string_buffer_add(struct string_buffer *text, const char *bytes, size_t length) {
    reserve(text, length);
    if (length > 0) memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void string_buffer_put(struct string_buffer *text, const char *string) {
    string_buffer_add(text, string, strlen(string));
}

void string_buffer_format(struct string_buffer *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (needed < 0) return;
    reserve(text, (size_t)needed);
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, (size_t)needed + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)needed;
}

/* ---- escaping -------------------------------------------------------------------------------- */

/* What one form of output writes for a character or byte that it cannot show. */
typedef void escaper(struct string_buffer *text, const char *bytes, size_t length, uint32_t code);

#define NO_CODE UINT32_MAX /* a byte that is not UTF-8 */

/* ASCII that no form shows as it is. The other letters of `special` are this form's own. */
static bool is_plain(unsigned char byte, const char *special) {
    return byte >= 0x20 && byte < 0x7F && strchr(special, byte) == NULL;
}

/* Puts what is plain as it is, and the rest through `escape`. */
static void escape_all(struct string_buffer *text, const char *bytes, size_t length,
                       const char *special, escaper *escape) {
    size_t begin = 0, at = 0;
    while (at < length) {
        uint32_t code = NO_CODE;
        size_t step = utf8_character(bytes + at, length - at, &code);
        bool plain = step == 1 ? is_plain((unsigned char)bytes[at], special)
                               : step > 0 && !utf8_is_invisible(code);
        if (step == 0) step = 1;
        if (!plain) {
            string_buffer_add(text, bytes + begin, at - begin);
            escape(text, bytes + at, step, code);
            begin = at + step;
        }
        at += step;
    }
    if (at > begin) string_buffer_add(text, bytes + begin, at - begin);
}

static void escape_for_json(struct string_buffer *text, const char *bytes, size_t length,
                            uint32_t code) {
    (void)bytes;
    (void)length;
    switch (code) {
    case NO_CODE: string_buffer_put(text, "\\ufffd"); break;
    case '"': string_buffer_put(text, "\\\""); break;
    case '\\': string_buffer_put(text, "\\\\"); break;
    case '\t': string_buffer_put(text, "\\t"); break;
    case '\n': string_buffer_put(text, "\\n"); break;
    case '\r': string_buffer_put(text, "\\r"); break;
    default:
        if (code > 0xFFFF) {
            string_buffer_format(text, "\\u%04x", 0xD800 + ((code - 0x10000) >> 10));
            code = 0xDC00 + (code & 0x3FF);
        }
        string_buffer_format(text, "\\u%04x", code);
    }
}

void string_buffer_json_string(struct string_buffer *text, const char *bytes, size_t length) {
    string_buffer_add(text, "\"", 1);
    escape_all(text, bytes, length, "\"\\", escape_for_json);
    string_buffer_add(text, "\"", 1);
}

static void escape_bytes(struct string_buffer *text, const char *bytes, size_t length,
                         uint32_t code) {
    (void)code;
    for (size_t i = 0; i < length; i++) {
        string_buffer_format(text, "\\x%02X", (unsigned char)bytes[i]);
    }
}

static void escape_for_cell(struct string_buffer *text, const char *bytes, size_t length,
                            uint32_t code) {
    switch (code) {
    case '\t': string_buffer_put(text, "\\t"); break;
    case '\n': string_buffer_put(text, "\\n"); break;
    case '\r': string_buffer_put(text, "\\r"); break;
    case '\0': string_buffer_put(text, "\\0"); break;
    case '\\': string_buffer_put(text, "\\\\"); break;
    default: escape_bytes(text, bytes, length, code);
    }
}

void string_buffer_escaped_cell(struct string_buffer *text, const char *bytes, size_t length) {
    escape_all(text, bytes, length, "\\", escape_for_cell);
}

void string_buffer_shown(struct string_buffer *text, const char *bytes, size_t length) {
    escape_all(text, bytes, length, "", escape_bytes);
}

void string_buffer_shown_lines(struct string_buffer *text, const char *lines) {
    while (*lines != '\0') {
        size_t line = strcspn(lines, "\n");
        string_buffer_shown(text, lines, line);
        lines += line;
        if (*lines == '\n') string_buffer_add(text, lines++, 1);
    }
}

void string_buffer_shown_column(struct string_buffer *text, const char *string, int width) {
    struct string_buffer shown = {0};
    string_buffer_shown(&shown, string, strlen(string));
    int blanks = abs(width) - (int)utf8_columns(shown.bytes, shown.length);
    if (width > 0) string_buffer_format(text, "%*s", blanks > 0 ? blanks : 0, "");
    string_buffer_add(text, shown.bytes, shown.length);
    if (width < 0) string_buffer_format(text, "%*s", blanks > 0 ? blanks : 0, "");
    string_buffer_finish(&shown);
}
