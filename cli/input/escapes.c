/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the lines in which a hanzi is written out in ASCII, each way for itself. */
#include "input/escapes.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

enum { MOST_BYTES = 64 * 1024 }; /* of the text that are looked at */

static bool is_hanzi(unsigned long code) {
    return (code >= 0x3400 && code < 0xA000) || (code >= 0x20000 && code < 0x32000);
}

/* Digits at `at`, of which there are `least` to `most`; their value, or 0. */
static unsigned long number(const char *at, const char *end, int base, size_t least, size_t most) {
    char digits[12];
    size_t count = 0;
    while (count < most && at + count < end) {
        char byte = at[count];
        if (base == 16 ? !isxdigit((unsigned char)byte) : byte < '0' || byte >= '0' + base) break;
        digits[count++] = byte;
    }
    digits[count] = '\0';
    return count >= least ? strtoul(digits, NULL, base) : 0;
}

/* ---- the ways, each told at its first byte --------------------------------------------------- */

static bool is_entity(const char *at, const char *end) {
    if (end - at < 7 || at[0] != '&' || at[1] != '#') return false;
    bool hexadecimal = at[2] == 'x' || at[2] == 'X';
    return is_hanzi(hexadecimal ? number(at + 3, end, 16, 4, 6) : number(at + 2, end, 10, 5, 6));
}

/* "\u4e0a", "\u{4e0a}", "\U00004e0a", JavaScript's "%u4e0a" and "U+4E0A". */
static bool is_code_point(const char *at, const char *end) {
    if (end - at < 6) return false;
    bool backslash = at[0] == '\\' && (at[1] == 'u' || at[1] == 'U');
    if (at[0] == '\\' && at[1] == 'U') return is_hanzi(number(at + 2, end, 16, 8, 8));
    bool others = (at[0] == '%' && at[1] == 'u') || (at[0] == 'U' && at[1] == '+');
    if (!backslash && !others) return false;
    if (at[2] == '{') return is_hanzi(number(at + 3, end, 16, 4, 6));
    return is_hanzi(number(at + 2, end, 16, 4, 4));
}

/* Three bytes of UTF-8, each as a mark and `digits` digits. */
static bool are_bytes(const char *at, const char *end, const char *mark, int base, size_t digits) {
    char bytes[3];
    size_t marked = strlen(mark);
    for (size_t i = 0; i < 3; i++, at += marked + digits) {
        if ((size_t)(end - at) < marked + digits || memcmp(at, mark, marked) != 0) return false;
        bytes[i] = (char)number(at + marked, end, base, digits, digits);
    }
    uint32_t code;
    return utf8_character(bytes, 3, &code) == 3 && is_hanzi(code);
}

static bool is_percent(const char *at, const char *end) { return are_bytes(at, end, "%", 16, 2); }

static bool is_octal(const char *at, const char *end) { return are_bytes(at, end, "\\", 8, 3); }

static bool is_hexadecimal(const char *at, const char *end) {
    return are_bytes(at, end, "\\x", 16, 2);
}

static bool is_printable_quoted(const char *at, const char *end) {
    return are_bytes(at, end, "=", 16, 2);
}

/* "~{ETO#~}": pairs of seven bits between the marks. */
static bool is_hz(const char *at, const char *end) {
    if (end - at < 6 || at[0] != '~' || at[1] != '{') return false;
    for (at += 2; end - at >= 2; at += 2) {
        if (at[0] == '~' && at[1] == '}') return at[-1] != '{';
        if (at[0] < 0x21 || at[0] > 0x77 || at[1] < 0x21 || at[1] > 0x7E) return false;
    }
    return false;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define PYTHON(modules, decode)                                                                    \
    "decode it first: python3 -c 'import sys" modules "; sys.stdout.buffer.write(" decode          \
    ")' < FILE > NEW"
#define BYTES "sys.stdin.buffer.read()"

struct way {
    char mark; /* its first byte */
    bool (*is)(const char *at, const char *end);
    bool in_json; /* and JSON does not decode it by itself */
    struct escapes told;
};

/* clang-format off */
static const struct way ways[] = {
    {'&', is_entity, true, {"entities of HTML (&#19978;)", PYTHON(", html", "html.unescape(sys.stdin.read()).encode()")}},
    {'%', is_percent, true, {"percent signs (%E4%B8%8A)", PYTHON(", urllib.parse", "urllib.parse.unquote_to_bytes(" BYTES ")")}},
    {'\\', is_octal, true, {"octal bytes (\\344\\270\\212)", PYTHON(", re", "re.sub(rb\"\\\\([0-3][0-7]{2})\", lambda m: bytes([int(m[1], 8)]), " BYTES ")")}},
    {'\\', is_hexadecimal, true, {"hexadecimal bytes (\\xe4\\xb8\\x8a)", PYTHON(", re", "re.sub(rb\"\\\\x([0-9a-fA-F]{2})\", lambda m: bytes([int(m[1], 16)]), " BYTES ")")}},
    {'=', is_printable_quoted, true, {"quoted-printable bytes (=E4=B8=8A)", PYTHON(", quopri", "quopri.decodestring(" BYTES ")")}},
    {'\\', is_code_point, false, {"escapes (\\u4e0a)", PYTHON(", re", "re.sub(r\"\\\\(?:u\\{(\\w+)\\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))\", lambda m: chr(int(m[1] or m[2] or m[3], 16)), sys.stdin.read()).encode(\"utf-16\", \"surrogatepass\").decode(\"utf-16\").encode()")}},
    {'%', is_code_point, true, {"escapes (%u4e0a)", PYTHON(", re", "re.sub(r\"%u([0-9a-fA-F]{4})\", lambda m: chr(int(m[1], 16)), sys.stdin.read()).encode()")}},
    {'U', is_code_point, true, {"code points (U+4E0A)", PYTHON(", re", "re.sub(r\"U\\+([0-9a-fA-F]{4})\", lambda m: chr(int(m[1], 16)), sys.stdin.read()).encode()")}},
};
/* clang-format on */

static const struct way hz = {
    '~',
    is_hz,
    true,
    {"HZ, Chinese in ASCII (~{ … ~})",
     "decode it first: python3 -c 'print(open(\"FILE\", encoding=\"hz\").read(), end=\"\")' "
     "> NEW"}};

static bool line_holds(const struct way *way, const char *line, const char *end) {
    while (line < end && (line = memchr(line, way->mark, (size_t)(end - line))) != NULL) {
        if (way->is(line, end)) return true;
        line++;
    }
    return false;
}

/* Whether at least one line of three holds it; a header is ASCII often. */
static bool is_written_so(const struct way *way, const char *text, size_t length) {
    const char *end = text + length;
    size_t lines = 0, such = 0;
    for (const char *line = text; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL) stop = end;
        lines += stop > line;
        such += line_holds(way, line, stop);
        line = stop + 1;
    }
    return such > 0 && such * 3 >= lines;
}

const struct escapes *escapes_find(const char *text, size_t length) {
    if (length > MOST_BYTES) length = MOST_BYTES;
    size_t blank = 0;
    while (blank < length && isspace((unsigned char)text[blank])) blank++;
    bool json = blank < length && (text[blank] == '{' || text[blank] == '[');
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (json && !ways[i].in_json) continue;
        if (is_written_so(&ways[i], text, length)) return &ways[i].told;
    }
    return NULL;
}

const struct escapes *escapes_find_hz(const char *text, size_t length) {
    if (length > MOST_BYTES) length = MOST_BYTES;
    if (utf8_ascii_prefix(text, length) < length) return NULL;
    return is_written_so(&hz, text, length) ? &hz.told : NULL;
}
