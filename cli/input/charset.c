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
#include "input/guess.h"

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
        "%s: the line at byte %" PRIu64 " is UTF-8, and others are GB18030: two encodings "
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
    const char *guess = guess_encoding(bytes, length, true, NULL);
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
    /* To iconv no name is that of the locale. */
    iconv_t known = name[0] != '\0' ? iconv_open("UTF-8", name) : (iconv_t)-1;
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
