/* SPDX-License-Identifier: Apache-2.0 */
/* Appending to a growing buffer, with the two escapings that the outputs need. */
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

static void json_byte(struct string_buffer *text, unsigned char byte) {
    char plain = (char)byte;
    switch (byte) {
    case '"': string_buffer_add(text, "\\\"", 2); break;
    case '\\': string_buffer_add(text, "\\\\", 2); break;
    case '\t': string_buffer_add(text, "\\t", 2); break;
    case '\n': string_buffer_add(text, "\\n", 2); break;
    case '\r': string_buffer_add(text, "\\r", 2); break;
    default:
        if (byte < 0x20 || byte == 0x7F) {
            string_buffer_format(text, "\\u%04x", byte);
        } else {
            string_buffer_add(text, &plain, 1);
        }
    }
}

static bool json_plain(unsigned char byte) {
    return byte >= 0x20 && byte != 0x7F && byte != '"' && byte != '\\';
}

static void json_valid(struct string_buffer *text, const char *bytes, size_t length) {
    size_t begin = 0;
    for (size_t i = 0; i < length; i++) {
        if (json_plain((unsigned char)bytes[i])) continue;
        string_buffer_add(text, bytes + begin, i - begin);
        json_byte(text, (unsigned char)bytes[i]);
        begin = i + 1;
    }
    string_buffer_add(text, bytes + begin, length - begin);
}

void string_buffer_json_string(struct string_buffer *text, const char *bytes, size_t length) {
    string_buffer_add(text, "\"", 1);
    while (length > 0) {
        size_t valid = utf8_valid_prefix(bytes, length);
        json_valid(text, bytes, valid);
        if (valid < length) string_buffer_put(text, "\\ufffd");
        size_t used = valid < length ? valid + 1 : length;
        bytes += used;
        length -= used;
    }
    string_buffer_add(text, "\"", 1);
}

static void escape_valid(struct string_buffer *text, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        switch (bytes[i]) {
        case '\t': string_buffer_put(text, "\\t"); break;
        case '\n': string_buffer_put(text, "\\n"); break;
        case '\r': string_buffer_put(text, "\\r"); break;
        case '\0': string_buffer_put(text, "\\0"); break;
        case '\\': string_buffer_put(text, "\\\\"); break;
        default: string_buffer_add(text, bytes + i, 1);
        }
    }
}

void string_buffer_escaped_cell(struct string_buffer *text, const char *bytes, size_t length) {
    while (length > 0) {
        size_t valid = utf8_valid_prefix(bytes, length);
        escape_valid(text, bytes, valid);
        if (valid < length) string_buffer_format(text, "\\x%02X", (unsigned char)bytes[valid]);
        size_t used = valid < length ? valid + 1 : length;
        bytes += used;
        length -= used;
    }
}
