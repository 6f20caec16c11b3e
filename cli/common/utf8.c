/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it. */
#include "common/utf8.h"

#include <stdbool.h>

static bool continues(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/* Bytes of the character at text, 0 if there is none. `left` is at least 1. */
static size_t character(const unsigned char *text, size_t left) {
    unsigned char first = text[0];
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    size_t need = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (left < need) return 0;
    for (size_t i = 1; i < need; i++) {
        if (!continues(text[i])) return 0;
    }
    if (first == 0xE0 && text[1] < 0xA0) return 0;
    if (first == 0xED && text[1] > 0x9F) return 0;
    if (first == 0xF0 && text[1] < 0x90) return 0;
    if (first == 0xF4 && text[1] > 0x8F) return 0;
    return need;
}

size_t utf8_valid_prefix(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;
    while (at < length) {
        size_t step = character(bytes + at, length - at);
        if (step == 0) break;
        at += step;
    }
    return at;
}
