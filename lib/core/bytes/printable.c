/* SPDX-License-Identifier: Apache-2.0 */
/* Which text may reach a line, a table's header or a terminal as it is, and the escapes of the
 * rest. */
#include "core/bytes/printable.h"

#include "core/utf8.h"

#include <stdio.h>
#include <string.h>

/* Ranges, in order. */
static const struct {
    int32_t first, last;
} invisible[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},       {0x034F, 0x034F},   {0x061C, 0x061C},
    {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool is_visible(int32_t code_point) {
    for (size_t i = 0; i < sizeof invisible / sizeof *invisible; i++) {
        if (code_point >= invisible[i].first && code_point <= invisible[i].last) return false;
    }
    return (code_point & 0xFFFE) != 0xFFFE;
}

/* Bytes of the character at `at`; *visible: may they stand as they are? */
static size_t next(const unsigned char *at, const unsigned char *end, bool *visible) {
    int32_t code_point;
    size_t bytes = mgi_utf8_decode(at, end, &code_point);
    *visible = bytes != 0 && is_visible(code_point);
    return bytes == 0 ? 1 : bytes;
}

bool mgi_printable_is(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + strlen(text);
    bool visible = true;
    while (visible && at < end) at += next(at, end, &visible);
    return visible;
}

void mgi_printable_copy(char *to, size_t capacity, const char *text) {
    enum { ESCAPE = 4 };
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *end = at + strlen(text);
    char *last = to + capacity - 1;
    while (at < end) {
        bool visible;
        size_t bytes = next(at, end, &visible);
        if ((size_t)(last - to) < (visible ? bytes : ESCAPE * bytes)) break;
        for (size_t i = 0; i < bytes; i++) {
            if (visible) {
                *to++ = (char)at[i];
            } else {
                to += snprintf(to, ESCAPE + 1, "\\x%02X", at[i]);
            }
        }
        at += bytes;
    }
    *to = '\0';
}
