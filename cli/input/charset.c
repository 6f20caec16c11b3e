/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions by iconv, with a table of their own for GB18030. */
#include "input/charset.h"

#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "input/gb18030.h"

struct charset {
    const char *encoding;
    const char *input_name;
    iconv_t conversion;
    uint64_t position; /* bytes taken */
    size_t unit;       /* bytes that are passed over where they cannot be decoded */
    bool strict, is_gb;
};

struct charset *charset_open(const char *encoding, bool strict, const char *input_name,
                             struct error *error) {
    struct charset *opened = memory_zeroed(1, sizeof *opened);
    opened->encoding = encoding;
    opened->strict = strict;
    opened->input_name = input_name;
    opened->is_gb = strcmp(encoding, "GB18030") == 0;
    opened->unit = strncmp(encoding, "UTF-16", 6) == 0   ? 2
                   : strncmp(encoding, "UTF-32", 6) == 0 ? 4
                                                         : 1;
    opened->conversion = iconv_open("UTF-8", encoding);
    if (opened->conversion != (iconv_t)-1) return opened;
    error_set(error, "%s: %s: the C library here cannot read this encoding: %s", input_name,
              encoding, strerror(errno));
    free(opened);
    return NULL;
}

void charset_close(struct charset *charset) {
    if (charset == NULL) return;
    iconv_close(charset->conversion);
    free(charset);
}

/* ---- conversion ------------------------------------------------------------------------------ */

static bool refuse(const struct charset *charset, uint64_t position, struct error *error) {
    return error_set(error,
                     "%s: byte %" PRIu64 " is not %s, which the beginning looked like: damaged, or "
                     "two encodings in one file? --encoding %s goes on, and reports such rows",
                     charset->input_name, position, charset->encoding, charset->encoding);
}

/* A line that is UTF-8 in a text that is read as GB18030, in which it is nonsense that happens to
 * decode. Only lines that begin with two characters of three bytes are looked at closely. */
static const char *find_utf8_line(const char *from, size_t length) {
    const char *end = from + length;
    for (const char *line = from; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t bytes = (size_t)((stop != NULL ? stop : end) - line);
        size_t at = utf8_ascii_prefix(line, bytes);
        const unsigned char *first = (const unsigned char *)line + at;
        if (bytes - at >= 6 && (first[0] & 0xF0) == 0xE0 && (first[3] & 0xF0) == 0xE0 &&
            utf8_valid_prefix(line + at, bytes - at) + (stop == NULL ? 3 : 0) >= bytes - at &&
            !gb18030_is_plausible(line + at, bytes - at)) {
            return line;
        }
        line += bytes + 1;
    }
    return NULL;
}

static bool check_lines(const struct charset *charset, const char *from, size_t length,
                        struct error *error) {
    const char *line = charset->is_gb && charset->strict ? find_utf8_line(from, length) : NULL;
    if (line == NULL) return true;
    return error_set(
        error,
        "%s: at byte %" PRIu64 " there is UTF-8, and GB18030 before it: two encodings "
        "in one file; convert one part (iconv -f GB18030 -t UTF-8), or give --encoding",
        charset->input_name, charset->position + (uint64_t)(line - from));
}

/* One character or more through iconv: false if the next one cannot be decoded, *cut if it is not
 * there wholly. */
static bool by_iconv(struct charset *charset, const char **from, size_t *left, char **to,
                     bool *cut) {
    char *in = (char *)(uintptr_t)*from;
    size_t room = *left * CHARSET_GROWTH + CHARSET_ROOM / 2;
    size_t status = iconv(charset->conversion, &in, left, to, &room);
    *from = in;
    *cut = status == (size_t)-1 && errno == EINVAL;
    return status != (size_t)-1 || *cut;
}

/* The table takes what it knows; one character goes to iconv, then the table goes on. */
static bool by_table(struct charset *charset, const char **from, size_t *left, char **to,
                     bool *cut) {
    for (*cut = false; *left > 0;) {
        size_t made, taken = gb18030_decode(*from, *left, *to, &made);
        *to += made;
        *from += taken;
        *left -= taken;
        if (*left == 0) return true;
        if ((unsigned char)**from == 0x80) { /* the euro sign of Windows' GBK */
            memcpy(*to, "\xE2\x82\xAC", 3);
            *to += 3;
            ++*from;
            --*left;
            continue;
        }
        size_t one = *left < 4 ? *left : 4, before = one;
        bool two = one >= 2 && (unsigned char)(*from)[1] >= 0x40;
        if (two) one = before = 2;
        if (!by_iconv(charset, from, &one, to, cut)) return false;
        *left -= before - one;
        if (*cut && before < 4 && !two) return true;
        if (*cut) return false;
    }
    return true;
}

bool charset_convert(struct charset *charset, const char *from, size_t length, bool last,
                     size_t *taken, char *to, size_t *made, struct error *error) {
    const char *at = from;
    char *out = to;
    size_t left = length;
    if (!check_lines(charset, from, length, error)) return false;
    while (left > 0) {
        bool cut;
        bool decoded = charset->is_gb ? by_table(charset, &at, &left, &out, &cut)
                                      : by_iconv(charset, &at, &left, &out, &cut);
        if (decoded && (!cut || !last)) break;
        if (charset->strict) {
            return refuse(charset, charset->position + (uint64_t)(at - from), error);
        }
        size_t passed = left < charset->unit ? left : charset->unit;
        *out++ = (char)CHARSET_UNDECODABLE;
        at += passed;
        left -= passed;
    }
    size_t room = CHARSET_ROOM / 2;
    /* What a stateful encoding holds back. */
    if (last) iconv(charset->conversion, NULL, NULL, &out, &room);
    *taken = (size_t)(at - from);
    *made = (size_t)(out - to);
    charset->position += *taken;
    return true;
}

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
    const char *given, *encoding;
} aliases[] = {
    {"utf-8", "UTF-8"},       {"utf8", "UTF-8"},        {"ascii", "UTF-8"},
    {"us-ascii", "UTF-8"},    {"gb18030", "GB18030"},   {"gbk", "GB18030"},
    {"gb2312", "GB18030"},    {"cp936", "GB18030"},     {"euc-cn", "GB18030"},
    {"utf-16le", "UTF-16LE"}, {"utf-16be", "UTF-16BE"}, {"utf-32le", "UTF-32LE"},
    {"utf-32be", "UTF-32BE"}, {"utf16le", "UTF-16LE"},  {"utf16be", "UTF-16BE"},
    {"big5", "BIG5-HKSCS"},
};

/* Without a mark or a sign of it in the text, the order is the one that files have today. */
static const char *ordered(const char *family, const char *bytes, size_t length) {
    const char *guess = charset_guess(bytes, length, true);
    if (guess != NULL && strncmp(guess, family, 6) == 0) return guess;
    return strcmp(family, "UTF-16") == 0 ? "UTF-16LE" : "UTF-32LE";
}

const char *charset_find(const char *name, const char *bytes, size_t length, struct error *error) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (strcasecmp(name, aliases[i].given) == 0) return aliases[i].encoding;
    }
    if (strcasecmp(name, "utf-16") == 0 || strcasecmp(name, "utf16") == 0) {
        return ordered("UTF-16", bytes, length);
    }
    if (strcasecmp(name, "utf-32") == 0 || strcasecmp(name, "utf32") == 0) {
        return ordered("UTF-32", bytes, length);
    }
    iconv_t known = iconv_open("UTF-8", name);
    if (known == (iconv_t)-1) {
        error_set(error,
                  "--encoding %s: not known; give auto, utf-8, gb18030, utf-16, or a name that "
                  "iconv -l shows",
                  name);
        return NULL;
    }
    iconv_close(known);
    return name;
}

/* ---- guessing -------------------------------------------------------------------------------- */

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

/* Lines with bytes beyond ASCII, by what they read as. */
struct lines_read {
    size_t utf8, gb, neither;
    size_t short_utf8; /* of the first: no character of three bytes, and plausible in GB18030 too */
};

static bool has_three_bytes(const char *line, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] >= 0xE0) return true;
    }
    return false;
}

static void count_line(struct lines_read *read, const char *line, size_t length) {
    if (utf8_ascii_prefix(line, length) == length) return;
    bool gb = gb18030_is_plausible(line, length);
    if (utf8_valid_prefix(line, length) == length) {
        read->utf8++;
        read->short_utf8 += gb && !has_three_bytes(line, length);
    } else if (gb) {
        read->gb++;
    } else {
        read->neither++;
    }
}

/* The last line may be cut off, in the middle of a character too. */
static struct lines_read read_lines(const char *bytes, size_t length, bool ended) {
    struct lines_read read = {0};
    const char *end = bytes + length;
    for (const char *line = bytes; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL && !ended && line > bytes) break;
        count_line(&read, line, (size_t)((stop != NULL ? stop : end) - line));
        line = (stop != NULL ? stop : end) + 1;
    }
    return read;
}

const char *charset_guess(const char *bytes, size_t length, bool ended) {
    const char *mark = guess_mark(bytes, length);
    if (mark != NULL) return mark;
    if (memchr(bytes, '\0', length) != NULL) {
        const char *units = guess_units(bytes, length);
        if (units != NULL) return units;
    }
    struct lines_read read = read_lines(bytes, length, ended);
    /* A damaged row in UTF-8 stays a damaged row; a row of GBK that happens to be UTF-8 does not.
     */
    if (read.utf8 > 0 && read.utf8 == read.short_utf8 && read.neither == 0) return "GB18030";
    if (read.utf8 >= read.gb) return read.utf8 > 0 || read.neither == 0 ? "UTF-8" : NULL;
    return "GB18030";
}

bool charset_is_another(const char *row, size_t length) {
    return gb18030_is_plausible(row, length);
}
