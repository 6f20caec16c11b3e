/* SPDX-License-Identifier: Apache-2.0 */
/* Turns characters back into the bytes that they were made of: if those read well, it is mojibake.
 */
#include "input/mojibake.h"

#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "input/gb18030.h"

enum { MOST_BYTES = 64 * 1024 }; /* of the text that are looked at */

/* Characters and bytes beyond ASCII, and lines that hold some. */
struct counts {
    size_t beyond;       /* characters */
    size_t in_runs;      /* of Latin-1, among others of it */
    size_t utf8, hanzi;  /* of those, what reads as UTF-8 and as everyday Chinese in GBK */
    size_t lines, lost;  /* lines; and those that hold U+FFFD, or U+FFFD read as GBK */
    size_t gbk_was_utf8; /* lines whose bytes in GBK are UTF-8 */
};

/* Bytes 0x80 to 0x9F of Windows-1252; Latin-1 has controls there, and so has it where 0 stands. */
static const uint16_t windows[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* The byte that is read as this character; 0: none. */
static unsigned char byte_of(uint32_t code) {
    if (code >= 0x80 && code <= 0xFF) return (unsigned char)code;
    for (size_t i = 0; i < 32 && code > 0xFF; i++) {
        if (windows[i] == code) return (unsigned char)(0x80 + i);
    }
    return 0;
}

/* Bytes that make characters of three or more in UTF-8, as hanzi are. */
static size_t count_utf8(const char *bytes, size_t length) {
    size_t sound = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t step = utf8_character(bytes + at, length - at, &code);
        if (step > 2) sound += step;
        at += step > 0 ? step : 1;
    }
    return sound;
}

/* Languages of Europe seldom have three letters beyond ASCII in a row; bytes of hanzi come so. */
static void end_run(struct counts *counts, const char *bytes, size_t length) {
    if (length < 3) return;
    counts->in_runs += length;
    counts->utf8 += count_utf8(bytes, length);
    if (length >= 4 && gb18030_is_plausible(bytes, length)) counts->hanzi += length;
}

static void count_runs(struct counts *counts, const char *line, size_t length) {
    char run[512];
    size_t in_run = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t step = utf8_character(line + at, length - at, &code);
        unsigned char byte = step > 0 ? byte_of(code) : 0;
        if (byte == 0 || in_run == sizeof run) {
            end_run(counts, run, in_run);
            in_run = 0;
        }
        if (byte != 0) run[in_run++] = (char)byte;
        counts->beyond += step != 1;
        at += step > 0 ? step : 1;
    }
    end_run(counts, run, in_run);
}

static bool holds(const char *line, size_t length, const char *word) {
    return memmem(line, length, word, strlen(word)) != NULL;
}

/* Whether a line's bytes in GBK are UTF-8 for the most part: hanzi that were written as hanzi are
 * not. What GBK cannot hold was lost as it was read. */
static bool was_utf8(iconv_t to_gbk, const char *line, size_t length) {
    char *room = memory_resize(NULL, length * 2 + 8, 1), *to = room;
    char *from = (char *)(uintptr_t)line;
    size_t left = length, free_bytes = length * 2 + 8;
    while (left > 0 && iconv(to_gbk, &from, &left, &to, &free_bytes) == (size_t)-1 && left > 0) {
        uint32_t code;
        size_t step = utf8_character(from, left, &code);
        from += step > 0 ? step : 1;
        left -= step > 0 ? step : 1;
    }
    size_t made = (size_t)(to - room), beyond = 0;
    for (size_t i = 0; i < made; i++) beyond += (unsigned char)room[i] >= 0x80;
    size_t sound = count_utf8(room, made);
    free(room);
    return sound >= 9 && sound * 3 > beyond * 2;
}

static void count_line(struct counts *counts, iconv_t to_gbk, const char *line, size_t length) {
    if (utf8_ascii_prefix(line, length) == length) return;
    counts->lines++;
    counts->lost += holds(line, length, "\xEF\xBF\xBD") || holds(line, length, "锟斤拷");
    count_runs(counts, line, length);
    if (to_gbk != (iconv_t)-1 && was_utf8(to_gbk, line, length)) counts->gbk_was_utf8++;
}

static const char *judge(const struct counts *counts) {
    if (counts->in_runs * 2 > counts->beyond) {
        if (counts->utf8 * 3 > counts->in_runs * 2) {
            return "UTF-8 that was read as Latin-1 and saved again";
        }
        if (counts->hanzi * 3 > counts->in_runs * 2) {
            return "GBK that was read as Latin-1 and saved again";
        }
    }
    if (counts->gbk_was_utf8 * 2 > counts->lines) {
        return "UTF-8 that was read as GBK and saved again";
    }
    if (counts->lost * 10 > counts->lines) {
        return "text that has lost characters: U+FFFD or 锟斤拷 stand for them";
    }
    return NULL;
}

const char *mojibake_find(const char *text, size_t length) {
    if (length > MOST_BYTES) length = MOST_BYTES;
    struct counts counts = {0};
    iconv_t to_gbk = iconv_open("GBK", "UTF-8");
    const char *end = text + length;
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL) stop = end;
        count_line(&counts, to_gbk, line, (size_t)(stop - line));
        line = stop + 1;
    }
    if (to_gbk != (iconv_t)-1) iconv_close(to_gbk);
    return judge(&counts);
}
