/* SPDX-License-Identifier: Apache-2.0 */
/* Text in arrays of fixed size, as public structs have them: cut where a character ends. */
#include "core/fixed_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A cut must not leave half a character, and one line must stay one line. */
static void tidy(char *text, size_t capacity, bool cut) {
    size_t length = strlen(text);
    if (cut && length + 1 >= capacity) {
        while (length > 0 && ((unsigned char)text[length - 1] & 0xC0) == 0x80) length--;
        if (length > 0 && ((unsigned char)text[length - 1] & 0x80) != 0) length--;
        text[length] = '\0';
    }
    for (char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F) *p = ' ';
    }
}

void mgi_fixed_text_format(char *line, size_t capacity, const char *format, va_list arguments) {
    int length = vsnprintf(line, capacity, format, arguments);
    if (length < 0) line[0] = '\0';
    tidy(line, capacity, length >= 0 && (size_t)length >= capacity);
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
