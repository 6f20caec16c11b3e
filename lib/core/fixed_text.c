/* SPDX-License-Identifier: Apache-2.0 */
/* Text in arrays of fixed size, as public structs have them: cut where a character ends. */
#include "core/fixed_text.h"

#include "core/bytes/printable.h"

#include <stdio.h>
#include <string.h>

/* A cut must not leave half a character. */
static void end_whole(char *text) {
    size_t length = strlen(text);
    while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) length--;
    if (length > 0 && ((unsigned char)text[length - 1] & 0x80) != 0) length--;
    text[length] = '\0';
}

/* One line must stay one line, and names that others chose must not steer a terminal or hide. */
void mgi_fixed_text_format(char *line, size_t capacity, const char *format, va_list arguments) {
    char raw[1024];
    size_t room = capacity < sizeof raw ? capacity : sizeof raw;
    raw[0] = '\0';
    int length = vsnprintf(raw, room, format, arguments);
    if (length < 0) raw[0] = '\0';
    if (length >= 0 && (size_t)length >= room) end_whole(raw);
    if (capacity > 0) mgi_printable_copy(line, capacity, raw);
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
