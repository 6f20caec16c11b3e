/* SPDX-License-Identifier: Apache-2.0 */
/* A second opinion on UTF-8, by the table of the Unicode standard (3-7). */
#ifndef TESTS_FUZZ_UTF8_H
#define TESTS_FUZZ_UTF8_H

#include <stdbool.h>
#include <stddef.h>

static inline bool fuzz_is_utf8(const unsigned char *at, size_t bytes) {
    static const struct {
        unsigned char first, last, low, high, tails;
    } rows[] = {
        {0x00, 0x7F, 0, 0, 0},       {0xC2, 0xDF, 0x80, 0xBF, 1}, {0xE0, 0xE0, 0xA0, 0xBF, 2},
        {0xE1, 0xEC, 0x80, 0xBF, 2}, {0xED, 0xED, 0x80, 0x9F, 2}, {0xEE, 0xEF, 0x80, 0xBF, 2},
        {0xF0, 0xF0, 0x90, 0xBF, 3}, {0xF1, 0xF3, 0x80, 0xBF, 3}, {0xF4, 0xF4, 0x80, 0x8F, 3},
    };
    for (size_t i = 0; i < bytes;) {
        size_t row = 0;
        while (row < 9 && !(at[i] >= rows[row].first && at[i] <= rows[row].last)) row++;
        if (row == 9 || rows[row].tails > bytes - i - 1) return false;
        for (size_t tail = 1; tail <= rows[row].tails; tail++) {
            unsigned char low = tail == 1 ? rows[row].low : 0x80;
            unsigned char high = tail == 1 ? rows[row].high : 0xBF;
            if (at[i + tail] < low || at[i + tail] > high) return false;
        }
        i += 1 + rows[row].tails;
    }
    return true;
}

#endif
