/* SPDX-License-Identifier: Apache-2.0 */
/* Guesses an encoding by marks, by zero bytes, and by what lines read as; and where none is sure,
 * says which it may be. */
#include "input/guess.h"

#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "input/gb18030.h"
#include "input/mojibake.h"

/* ---- marks and units --------------------------------------------------------------------------
 */

/* Code units of 2 or 4 bytes that text in this product has: ASCII, punctuation, hanzi, full width.
 */
static bool is_usual(uint32_t unit) {
    return unit == '\t' || unit == '\n' || unit == '\r' || (unit >= 0x20 && unit < 0x7F) ||
           unit == 0xFEFF || (unit >= 0xD800 && unit < 0xE000) ||
           (unit >= 0x2010 && unit < 0x2050) || (unit >= 0x3000 && unit < 0x3130) ||
           (unit >= 0x3400 && unit < 0xA000) || (unit >= 0xFF00 && unit < 0xFFF0);
}

static uint32_t unit_at(const unsigned char *at, size_t width, bool big) {
    uint32_t unit = 0;
    for (size_t i = 0; i < width; i++) unit = unit << 8 | at[big ? i : width - 1 - i];
    return unit;
}

/* Whether bytes read as units of that width. ASCII among them tells width and order beyond doubt.
 */
static bool reads_as_units(const char *bytes, size_t length, size_t width, bool big) {
    size_t usual = 0, ascii = 0, units = length / width;
    for (size_t i = 0; i < units; i++) {
        uint32_t unit = unit_at((const unsigned char *)bytes + i * width, width, big);
        usual += is_usual(unit);
        ascii += unit == '\t' || unit == '\n' || (unit >= 0x20 && unit < 0x7F);
    }
    return units >= 2 && ascii > 0 && usual * 100 >= units * 95;
}

static const char *guess_units(const char *bytes, size_t length) {
    static const struct {
        const char *name;
        size_t width;
        bool big;
    } wide[] = {{"UTF-32LE", 4, false},
                {"UTF-32BE", 4, true},
                {"UTF-16LE", 2, false},
                {"UTF-16BE", 2, true}};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (reads_as_units(bytes, length, wide[i].width, wide[i].big)) return wide[i].name;
    }
    return NULL;
}

static const char *guess_mark(const char *bytes, size_t length) {
    static const struct {
        const char *mark;
        size_t length;
        const char *name;
    } marks[] = {
        {"\xFF\xFE\0\0", 4, "UTF-32LE"}, {"\0\0\xFE\xFF", 4, "UTF-32BE"},
        {"\xFF\xFE", 2, "UTF-16LE"},     {"\xFE\xFF", 2, "UTF-16BE"},
        {"\xEF\xBB\xBF", 3, "UTF-8"},    {"\x84\x31\x95\x33", 4, "GB18030"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (length >= marks[i].length && memcmp(bytes, marks[i].mark, marks[i].length) == 0) {
            return marks[i].name;
        }
    }
    return NULL;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Lines with bytes beyond ASCII, by what they read as. */
struct lines_read {
    size_t utf8, gb, neither;
    size_t short_utf8; /* of the first: no character of three bytes, and plausible in GB18030 too */
    size_t odd;        /* the first line that is not UTF-8, from 1; 0: none */
    struct gb18030_hanzi hanzi; /* of the lines that read as GB18030 */
};

static bool has_three_bytes(const char *line, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] >= 0xE0) return true;
    }
    return false;
}

/* Whether most of what is beyond ASCII is UTF-8 all the same, in characters of three bytes or more,
 * which GB18030 does not look like: a damaged line of it. */
static bool is_damaged_utf8(const char *line, size_t length) {
    size_t sound = 0, beyond = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t step = utf8_character(line + at, length - at, &code);
        if (step > 2) sound += step;
        if (step != 1) beyond += step > 0 ? step : 1;
        at += step > 0 ? step : 1;
    }
    return sound * 2 > beyond;
}

static void count_line(struct lines_read *read, const char *line, size_t length, size_t number) {
    size_t ascii = utf8_ascii_prefix(line, length);
    if (ascii == length) return;
    bool gb = gb18030_is_plausible(line, length);
    if (utf8_valid_prefix(line, length) == length) {
        read->utf8++;
        read->short_utf8 += gb && !has_three_bytes(line, length);
        return;
    }
    if (read->odd == 0) read->odd = number;
    /* GB18030 seldom begins with a byte that begins three of UTF-8. */
    if ((!gb || (line[ascii] & 0xF0) == 0xE0) && is_damaged_utf8(line, length)) {
        read->utf8++;
    } else if (gb) {
        read->gb++;
        gb18030_count(line, length, &read->hanzi);
    } else {
        read->neither++;
    }
}

/* The last line may be cut off, in the middle of a character too. */
static struct lines_read read_lines(const char *bytes, size_t length, bool ended) {
    struct lines_read read = {0};
    const char *end = bytes + length;
    size_t number = 1;
    for (const char *line = bytes; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL && !ended && line > bytes) break;
        count_line(&read, line, (size_t)((stop != NULL ? stop : end) - line), number);
        line = (stop != NULL ? stop : end) + 1;
    }
    return read;
}

/* Texts of Japan and Korea decode as GB18030 too, to hanzi that are common, but not the commonest.
 */
static bool is_chinese(const struct lines_read *read) {
    const struct gb18030_hanzi *hanzi = &read->hanzi;
    if (read->gb < 4 * read->neither) return false;
    return hanzi->all < 8 || hanzi->commonest * 5 >= hanzi->all;
}

/* ---- what it may be -------------------------------------------------------------------------- */

/* Characters beyond ASCII, by their scripts. */
struct scripts {
    size_t all, hanzi, kana, hangul, latin;
};

static bool is_letter(uint32_t code) { return (code | 0x20) >= 'a' && (code | 0x20) <= 'z'; }

static void count_script(struct scripts *scripts, uint32_t before, uint32_t code, uint32_t behind) {
    if (code < 0x80) return;
    scripts->all++;
    scripts->hanzi += (code >= 0x3400 && code < 0xA000) || code >= 0x20000;
    scripts->kana += code >= 0x3041 && code <= 0x30FE;
    scripts->hangul += code >= 0xAC00 && code <= 0xD7A3;
    bool latin = code >= 0xC0 && code <= 0x17F;
    scripts->latin += latin && (is_letter(before) || is_letter(behind));
}

/* Decodes the bytes, whose last character may be cut off. False if they are not of that encoding.
 */
static bool read_scripts(const char *encoding, const char *bytes, size_t length,
                         struct scripts *scripts) {
    iconv_t conversion = iconv_open("UTF-8", encoding);
    *scripts = (struct scripts){0};
    if (conversion == (iconv_t)-1) return false;
    char *text = memory_resize(NULL, length * 4 + 64, 1), *to = text;
    char *from = (char *)(uintptr_t)bytes;
    size_t left = length, room = length * 4 + 64;
    bool sound = iconv(conversion, &from, &left, &to, &room) != (size_t)-1 || left < 8;
    iconv_close(conversion);
    uint32_t before = ' ', code = ' ', behind = ' ';
    for (const char *at = text; at < to; before = code, code = behind) {
        size_t step = utf8_character(at, (size_t)(to - at), &behind);
        if (at > text) count_script(scripts, before, code, behind);
        at += step > 0 ? step : 1;
    }
    count_script(scripts, before, code, ' ');
    free(text);
    return sound && scripts->all > 0;
}

static bool is_latin(const struct scripts *read) { return read->latin * 10 >= read->all * 8; }

static bool is_korean(const struct scripts *read) { return read->hangul * 10 >= read->all * 6; }

static bool is_japanese(const struct scripts *read) {
    return read->kana > 0 && (read->kana + read->hanzi) * 10 >= read->all * 7;
}

static bool is_hanzi(const struct scripts *read) { return read->hanzi * 10 >= read->all * 7; }

static bool is_any_hanzi(const struct scripts *read) { return read->hanzi > 1; }

struct candidate {
    const char *name;
    bool (*fits)(const struct scripts *read);
};

/* In the order in which they are named. */
static const struct candidate candidates[] = {
    {"windows-1252", is_latin}, {"shift_jis", is_japanese}, {"euc-jp", is_japanese},
    {"euc-kr", is_korean},      {"big5-hkscs", is_hanzi},   {"gb18030", is_hanzi},
    {"euc-jp", is_hanzi},       {"shift_jis", is_hanzi},
};

static const struct candidate seven_bits[] = {
    {"utf-7", is_any_hanzi},
    {"iso-2022-jp", is_any_hanzi},
    {"iso-2022-kr", is_korean},
    {"iso-2022-cn", is_any_hanzi},
};

static void add_candidates(struct guess_doubt *doubt, const struct candidate *from, size_t count,
                           const char *bytes, size_t length) {
    for (size_t i = 0; i < count && doubt->count < GUESS_CANDIDATES; i++) {
        struct scripts read;
        bool known = false;
        for (size_t j = 0; j < doubt->count; j++) {
            known = known || strcmp(doubt->candidates[j], from[i].name) == 0;
        }
        if (known || !read_scripts(from[i].name, bytes, length, &read) || !from[i].fits(&read)) {
            continue;
        }
        doubt->candidates[doubt->count++] = from[i].name;
    }
}

/* Text of seven bits that stands for hanzi: each begins with an escape of its own. */
static bool is_seven_bits(struct guess_doubt *doubt, const char *bytes, size_t length) {
    if (memchr(bytes, '\x1B', length) == NULL && memchr(bytes, '+', length) == NULL) return false;
    add_candidates(doubt, seven_bits, sizeof seven_bits / sizeof *seven_bits, bytes, length);
    return doubt->count > 0;
}

/* ---- the guess ------------------------------------------------------------------------------- */

/* Bytes that read well in nothing else make bad rows of UTF-8, or an error where GB18030 ends. */
static const char *be_in_doubt(struct guess_doubt *doubt, const struct lines_read *read,
                               const char *bytes, size_t length) {
    doubt->line = read->odd;
    add_candidates(doubt, candidates, sizeof candidates / sizeof *candidates, bytes, length);
    if (doubt->count > 0) return NULL;
    return read->gb > 0 ? "GB18030" : "UTF-8";
}

/* Whether most bytes beyond ASCII stand beside others: hanzi do, a degree sign or a dot does not.
 */
static bool comes_in_runs(const char *bytes, size_t length) {
    size_t beyond = 0, in_runs = 0, run = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && (unsigned char)bytes[i] >= 0x80) {
            run++;
            continue;
        }
        beyond += run;
        if (run >= 4) in_runs += run;
        run = 0;
    }
    return in_runs * 2 > beyond;
}

/* Whether a text that is UTF-8 is perhaps Chinese in GB18030, of which few lines happen to be
 * UTF-8: neither letters of Europe nor mojibake. */
static bool is_either(const char *bytes, size_t length) {
    struct scripts read;
    struct gb18030_hanzi hanzi = {0};
    gb18030_count(bytes, length, &hanzi);
    return hanzi.commonest * 2 > hanzi.all && comes_in_runs(bytes, length) &&
           read_scripts("UTF-8", bytes, length, &read) && read.latin == 0 &&
           mojibake_find(bytes, length) == NULL;
}

static const char *be_either(struct guess_doubt *doubt) {
    *doubt = (struct guess_doubt){.either = true, .count = 2, .candidates = {"gb18030", "utf-8"}};
    return NULL;
}

const char *guess_encoding(const char *bytes, size_t length, bool ended,
                           struct guess_doubt *doubt) {
    struct guess_doubt unwanted;
    if (doubt == NULL) doubt = &unwanted;
    *doubt = (struct guess_doubt){0};
    const char *mark = guess_mark(bytes, length);
    if (mark != NULL) return mark;
    if (memchr(bytes, '\0', length) != NULL) {
        const char *units = guess_units(bytes, length);
        if (units != NULL) return units;
    }
    struct lines_read read = read_lines(bytes, length, ended);
    /* A damaged row in UTF-8 stays a damaged row; a row of GBK that happens to be UTF-8 does not.
     */
    bool lucky = read.utf8 > 0 && read.utf8 == read.short_utf8 && read.neither == 0;
    if (lucky && read.gb > 0) return "GB18030";
    if (lucky && is_either(bytes, length)) return be_either(doubt);
    if (read.utf8 + read.gb + read.neither == 0) {
        return is_seven_bits(doubt, bytes, length) ? NULL : "UTF-8";
    }
    if (read.utf8 > 0 && read.utf8 >= read.gb) return "UTF-8";
    return is_chinese(&read) ? "GB18030" : be_in_doubt(doubt, &read, bytes, length);
}

bool guess_is_another(const char *row, size_t length) {
    return gb18030_is_plausible(row, length) && !is_damaged_utf8(row, length);
}
