/* SPDX-License-Identifier: Apache-2.0 */
/* Strict UTF-8 decoding, one code point at a time. */
#ifndef MGI_CORE_UTF8_H
#define MGI_CORE_UTF8_H

#include <stddef.h>
#include <stdint.h>

static inline int mgi_utf8_is_tail(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/* Decodes the code point at `at` (at < end) and returns its length in bytes; 0 for what is not
 * UTF-8: stray or missing tails, overlong forms, surrogates, anything above U+10FFFF. */
static inline size_t mgi_utf8_decode(const unsigned char *at, const unsigned char *end,
                                     int32_t *code_point) {
    size_t left = (size_t)(end - at);
    unsigned char lead = at[0];
    if (lead < 0x80) {
        *code_point = lead;
        return 1;
    }
    if (lead < 0xE0) {
        if (lead < 0xC2 || left < 2 || !mgi_utf8_is_tail(at[1])) return 0;
        *code_point = (lead & 0x1F) << 6 | (at[1] & 0x3F);
        return 2;
    }
    if (lead < 0xF0) {
        if (left < 3 || !mgi_utf8_is_tail(at[1]) || !mgi_utf8_is_tail(at[2])) return 0;
        int32_t value = (lead & 0x0F) << 12 | (at[1] & 0x3F) << 6 | (at[2] & 0x3F);
        if (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF)) return 0;
        *code_point = value;
        return 3;
    }
    if (lead > 0xF4 || left < 4 || !mgi_utf8_is_tail(at[1]) || !mgi_utf8_is_tail(at[2]) ||
        !mgi_utf8_is_tail(at[3])) {
        return 0;
    }
    int32_t value =
        (lead & 0x07) << 18 | (at[1] & 0x3F) << 12 | (at[2] & 0x3F) << 6 | (at[3] & 0x3F);
    if (value < 0x10000 || value > 0x10FFFF) return 0;
    *code_point = value;
    return 4;
}

#endif
