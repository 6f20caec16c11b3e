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

void text_finish(struct text *text) {
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

void text_clear(struct text *text) { text->length = 0; }

static void reserve(struct text *text, size_t more) {
    if (text->capacity - text->length > more) return;
    size_t wanted = text->length + more + 1;
    size_t capacity = text->capacity * 2 > wanted ? text->capacity * 2 : wanted;
    text->bytes = must_resize(text->bytes, capacity, 1);
    text->capacity = capacity;
}

void text_add(struct text *text, const char *bytes, size_t length) {
    reserve(text, length);
    if (length > 0) memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_put(struct text *text, const char *string) { text_add(text, string, strlen(string)); }

void text_format(struct text *text, const char *format, ...) {
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

static void json_byte(struct text *text, unsigned char byte) {
    char plain = (char)byte;
    switch (byte) {
    case '"': text_add(text, "\\\"", 2); break;
    case '\\': text_add(text, "\\\\", 2); break;
    case '\t': text_add(text, "\\t", 2); break;
    case '\n': text_add(text, "\\n", 2); break;
    case '\r': text_add(text, "\\r", 2); break;
    default:
        if (byte < 0x20 || byte == 0x7F)
            text_format(text, "\\u%04x", byte);
        else
            text_add(text, &plain, 1);
    }
}

static bool json_plain(unsigned char byte) {
    return byte >= 0x20 && byte != 0x7F && byte != '"' && byte != '\\';
}

static void json_valid(struct text *text, const char *bytes, size_t length) {
    size_t begin = 0;
    for (size_t i = 0; i < length; i++) {
        if (json_plain((unsigned char)bytes[i])) continue;
        text_add(text, bytes + begin, i - begin);
        json_byte(text, (unsigned char)bytes[i]);
        begin = i + 1;
    }
    text_add(text, bytes + begin, length - begin);
}

void text_json_string(struct text *text, const char *bytes, size_t length) {
    text_add(text, "\"", 1);
    while (length > 0) {
        size_t valid = utf8_valid_prefix(bytes, length);
        json_valid(text, bytes, valid);
        if (valid < length) text_put(text, "\\ufffd");
        size_t used = valid < length ? valid + 1 : length;
        bytes += used;
        length -= used;
    }
    text_add(text, "\"", 1);
}

static void escape_valid(struct text *text, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        switch (bytes[i]) {
        case '\t': text_put(text, "\\t"); break;
        case '\n': text_put(text, "\\n"); break;
        case '\r': text_put(text, "\\r"); break;
        case '\0': text_put(text, "\\0"); break;
        case '\\': text_put(text, "\\\\"); break;
        default: text_add(text, bytes + i, 1);
        }
    }
}

void text_escaped_cell(struct text *text, const char *bytes, size_t length) {
    while (length > 0) {
        size_t valid = utf8_valid_prefix(bytes, length);
        escape_valid(text, bytes, valid);
        if (valid < length) text_format(text, "\\x%02X", (unsigned char)bytes[valid]);
        size_t used = valid < length ? valid + 1 : length;
        bytes += used;
        length -= used;
    }
}
