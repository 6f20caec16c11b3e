/* SPDX-License-Identifier: Apache-2.0 */
/* Text in arrays of fixed size, as public structs have them: cut where a character ends. */
#include "core/fixed_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_control(char byte) { return (unsigned char)byte < 0x20 || byte == 0x7F; }

/* Cuts the text to `most` bytes, and not within a character. */
static size_t cut_to(char *text, size_t most) {
    size_t length = most;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    text[length] = '\0';
    return length;
}

/* A cut must not leave half a character. */
static void end_whole(char *text) {
    size_t length = strlen(text);
    while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) length--;
    if (length > 0 && ((unsigned char)text[length - 1] & 0x80) != 0) length--;
    text[length] = '\0';
}

/* One line must stay one line, and names that others chose must not steer a terminal: a control
 * character becomes \xNN. What then has no more room is cut off. */
static void show_controls(char *text, size_t capacity) {
    enum { LONGER = 3 }; /* bytes that one of them needs more */
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (!is_control(text[i])) continue;
        static const char digits[] = "0123456789ABCDEF";
        unsigned char byte = (unsigned char)text[i];
        const char shown[] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        if (i + sizeof shown >= capacity) {
            text[i] = '\0';
            return;
        }
        if (length + LONGER >= capacity) length = cut_to(text, capacity - 1 - LONGER);
        memmove(text + i + sizeof shown, text + i + 1, length - i);
        memcpy(text + i, shown, sizeof shown);
        length += LONGER;
    }
}

void mgi_fixed_text_format(char *line, size_t capacity, const char *format, va_list arguments) {
    int length = vsnprintf(line, capacity, format, arguments);
    if (length < 0) line[0] = '\0';
    if (length >= 0 && (size_t)length >= capacity) end_whole(line);
    show_controls(line, capacity);
}

void mgi_fixed_text_copy(char *to, size_t capacity, const char *text) {
    if (capacity == 0) return;
    size_t length = strlen(text);
    if (length >= capacity) {
        length = capacity - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    memcpy(to, text, length);
    to[length] = '\0';
}
