/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it, and what a terminal makes of its characters. */
#include "common/utf8.h"

#include <string.h>

struct range {
    uint32_t first, last;
};

/* White space other than the blank, controls, format characters, fillers, variation selectors,
 * private use and code points that are no characters. Ascending. */
static const struct range invisible[] = {
    {0x0000, 0x001F},   {0x007F, 0x00A0},    {0x00AD, 0x00AD},   {0x034F, 0x034F},
    {0x061C, 0x061C},   {0x115F, 0x1160},    {0x1680, 0x1680},   {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x2000, 0x200F},    {0x2028, 0x202F},   {0x205F, 0x206F},
    {0x2800, 0x2800},   {0x3000, 0x3000},    {0x3164, 0x3164},   {0xE000, 0xF8FF},
    {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},    {0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0x1FFFE, 0x1FFFF},  {0x2FFFE, 0x2FFFF}, {0x3FFFE, 0x3FFFF},
    {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF},
};

/* East Asian Wide and Fullwidth. Ascending. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x2E80, 0x303E},   {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x1B2FF}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x2FFFD}, {0x30000, 0x3FFFD},
};

static bool is_among(const struct range *ranges, size_t count, uint32_t code) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last) {
            low = middle + 1;
        } else if (code < ranges[middle].first) {
            high = middle;
        } else {
            return true;
        }
    }
    return false;
}

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

size_t utf8_ascii_prefix(const char *text, size_t length) {
    size_t at = 0;
    for (uint64_t word; at + sizeof word <= length; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0) break;
    }
    while (at < length && (unsigned char)text[at] < 0x80) at++;
    return at;
}

size_t utf8_valid_prefix(const char *text, size_t length) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = utf8_ascii_prefix(text, length);
    while (at < length) {
        size_t step = character(bytes + at, length - at);
        if (step == 0) break;
        at += step;
    }
    return at;
}

size_t utf8_character(const char *text, size_t length, uint32_t *code) {
    static const unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t step = length > 0 ? character(bytes, length) : 0;
    if (step == 0) return 0;
    *code = bytes[0] & masks[step];
    for (size_t i = 1; i < step; i++) *code = *code << 6 | (bytes[i] & 0x3F);
    return step;
}

size_t utf8_cut(const char *text, size_t length, size_t most) {
    if (length <= most) return length;
    size_t begin = most; /* of the character that the cut would split */
    while (begin > 0 && most - begin < 3 && continues((unsigned char)text[begin])) begin--;
    uint32_t ignored;
    size_t step = utf8_character(text + begin, length - begin, &ignored);
    return step > most - begin ? begin : most;
}

bool utf8_is_invisible(uint32_t code) {
    if ((code >= 0x20 && code < 0x7F) || (code >= 0x3400 && code < 0xE000)) return false;
    return is_among(invisible, sizeof invisible / sizeof *invisible, code);
}

size_t utf8_columns(const char *text, size_t length) {
    size_t columns = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t step = utf8_character(text + at, length - at, &code);
        columns += code >= 0x1100 && is_among(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
        at += step > 0 ? step : 1;
    }
    return columns;
}
