/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8259 to the letter, in one pass and without recursion: for bytes that anybody may send. */
#include "common/json_reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

enum {
    MEMBERS = 0x80, /* besides the bracket: a member or element stands before */
    VALUE = 0x04,   /* a key was read, its value not yet; no bit of '{' or '[' */
};
_Static_assert((('{' | '[') & (MEMBERS | VALUE)) == 0, "flags that are bits of a bracket");

static enum json_type fail(struct json_reader *reader, size_t at, const char *fault) {
    if (reader->fault == NULL) {
        reader->fault = fault;
        reader->fault_at = at;
    }
    return JSON_ABSENT;
}

/* NUL at the text's end, and a fault anywhere else. */
static char peek(const struct json_reader *reader) { return reader->text[reader->at]; }

static void skip_blanks(struct json_reader *reader) {
    for (;; reader->at++) {
        char byte = peek(reader);
        if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') return;
    }
}

/* What is wrong where `wanted` should stand. */
static const char *or_cut(const struct json_reader *reader, const char *wanted) {
    return reader->at >= reader->length ? "the text ends too early" : wanted;
}

void json_reader_begin(struct json_reader *reader, char *text, size_t length) {
    *reader = (struct json_reader){.text = text, .length = length};
    text[length] = '\0';
}

/* ---- strings --------------------------------------------------------------------------------- */

static int hex4(const char *text) {
    int code = 0;
    for (int i = 0; i < 4; i++) {
        char byte = text[i], letter = (char)(byte | 0x20);
        bool digit = byte >= '0' && byte <= '9';
        if (!digit && (letter < 'a' || letter > 'f')) return -1; /* the NUL at the end too */
        code = code * 16 + (digit ? byte - '0' : letter - 'a' + 10);
    }
    return code;
}

static size_t put_utf8(char *to, uint32_t code) {
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = bytes - 1; i > 0; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3F));
    to[0] = (char)(leads[bytes] | code);
    return bytes;
}

/* \uXXXX at `at`, or two of them, which stand for one character. False: a fault. */
static bool decode_unicode(struct json_reader *reader, char **to) {
    const char *from = reader->text + reader->at;
    int code = hex4(from + 2), low = -1;
    if (code < 0) return fail(reader, reader->at, "an escape \\u without four hex digits");
    reader->at += 6;
    if (code >= 0xD800 && code <= 0xDBFF && from[6] == '\\' && from[7] == 'u') low = hex4(from + 8);
    if (low >= 0xDC00 && low <= 0xDFFF) {
        reader->at += 6;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xD800 && code <= 0xDFFF) {
        return fail(reader, reader->at - 6, "half of a surrogate pair");
    }
    *to += put_utf8(*to, (uint32_t)code);
    return true;
}

/* An escape is never shorter than what it stands for. */
static bool decode_escape(struct json_reader *reader, char **to) {
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char byte = reader->text[reader->at + 1];
    if (byte == 'u') return decode_unicode(reader, to);
    const char *found = byte == '\0' ? NULL : strchr(escapes, byte);
    if (found == NULL) return fail(reader, reader->at, "an escape that JSON does not have");
    *(*to)++ = meanings[found - escapes];
    reader->at += 2;
    return true;
}

static bool is_plain(char byte) {
    return (unsigned char)byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Copies what stands for itself, up to a quote, a backslash or a fault. */
static bool take_plain(struct json_reader *reader, char **to) {
    const char *from = reader->text + reader->at, *end = from;
    while (is_plain(*end)) end++; /* the NUL at the end is not */
    size_t length = (size_t)(end - from), valid = utf8_valid_prefix(from, length);
    if (valid < length) return fail(reader, reader->at + valid, "bytes that are not UTF-8");
    if (*to != from) memmove(*to, from, length);
    *to += length;
    reader->at += length;
    return true;
}

/* The opening quote stands at `at`. The closing one's byte leaves room for the NUL. */
static bool take_string(struct json_reader *reader) {
    size_t begin = reader->at++;
    char *first = reader->text + reader->at, *to = first;
    for (;;) {
        if (!take_plain(reader, &to)) return false;
        char byte = peek(reader);
        if (byte == '"') break;
        if (reader->at >= reader->length) return fail(reader, begin, "a string that does not end");
        if (byte != '\\') return fail(reader, reader->at, "a control character in a string");
        if (!decode_escape(reader, &to)) return false;
    }
    reader->at++;
    reader->string = (struct json_string){first, (size_t)(to - first)};
    *to = '\0';
    return true;
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static bool skip_digits(struct json_reader *reader) {
    size_t begin = reader->at;
    while (peek(reader) >= '0' && peek(reader) <= '9') reader->at++;
    return reader->at > begin;
}

/* False: a fault. *whole: neither point nor exponent. */
static bool skip_number(struct json_reader *reader, bool *whole) {
    *whole = true;
    if (peek(reader) == '-') reader->at++;
    bool zero = peek(reader) == '0';
    size_t begin = reader->at;
    if (!skip_digits(reader)) return fail(reader, reader->at, "a number without digits");
    if (zero && reader->at > begin + 1) return fail(reader, begin, "a number that begins with 0");
    if (peek(reader) == '.') {
        *whole = false;
        reader->at++;
        if (!skip_digits(reader)) return fail(reader, reader->at, "a point without digits");
    }
    if ((peek(reader) | 0x20) == 'e') {
        *whole = false;
        reader->at++;
        if (peek(reader) == '+' || peek(reader) == '-') reader->at++;
        if (!skip_digits(reader)) return fail(reader, reader->at, "an exponent without digits");
    }
    return true;
}

/* Whether it fits in 64 bits. */
static bool read_integer(const char *from, const char *end, int64_t *integer) {
    bool negative = *from == '-', fits = true;
    int64_t value = 0;
    for (from += negative; fits && from < end; from++) {
        int digit = *from - '0';
        fits = !__builtin_mul_overflow(value, 10, &value) &&
               !__builtin_add_overflow(value, negative ? -digit : digit, &value);
    }
    *integer = value;
    return fits;
}

static enum json_type take_number(struct json_reader *reader) {
    bool whole;
    if (!skip_number(reader, &whole)) return JSON_ABSENT;
    char *from = reader->text + reader->begin, *end = reader->text + reader->at, kept = *end;
    reader->integral = whole && read_integer(from, end, &reader->integer);
    if (reader->integral) {
        reader->number = (double)reader->integer;
        return JSON_NUMBER;
    }
    *end = '\0'; /* strtod knows more letters than JSON */
    reader->number = strtod(from, NULL);
    *end = kept;
    if (isfinite(reader->number)) return JSON_NUMBER;
    return fail(reader, reader->begin, "a number beyond what a double holds");
}

static enum json_type take_word(struct json_reader *reader, const char *word, enum json_type type) {
    size_t length = strlen(word);
    if (strncmp(reader->text + reader->at, word, length) != 0) {
        return fail(reader, reader->at, or_cut(reader, "something that is no value"));
    }
    reader->at += length;
    return type;
}

/* ---- values ---------------------------------------------------------------------------------- */

static enum json_type open_bracket(struct json_reader *reader, enum json_type type) {
    if (reader->depth == JSON_READER_DEPTH) {
        return fail(reader, reader->at, "brackets over 32 deep");
    }
    reader->open[reader->depth++] = (unsigned char)reader->text[reader->at++];
    return type;
}

static enum json_type take_value(struct json_reader *reader) {
    skip_blanks(reader);
    reader->begin = reader->at;
    char byte = peek(reader);
    switch (byte) {
    case '{': return open_bracket(reader, JSON_OBJECT);
    case '[': return open_bracket(reader, JSON_ARRAY);
    case '"': return take_string(reader) ? JSON_STRING : JSON_ABSENT;
    case 't': return take_word(reader, "true", JSON_TRUE);
    case 'f': return take_word(reader, "false", JSON_FALSE);
    case 'n': return take_word(reader, "null", JSON_NULL);
    default: break;
    }
    if (byte == '-' || (byte >= '0' && byte <= '9')) return take_number(reader);
    return fail(reader, reader->at, or_cut(reader, "something that is no value"));
}

/* The bracket that is open, with its flags; 0: none. */
static unsigned char *innermost(struct json_reader *reader) {
    return reader->depth > 0 ? &reader->open[reader->depth - 1] : NULL;
}

static bool is_open(const struct json_reader *reader, char bracket) {
    unsigned char flags = MEMBERS | VALUE;
    return reader->depth > 0 && (reader->open[reader->depth - 1] & ~flags) == bracket;
}

/* To the next member or element, over the comma before it. False at the closing bracket, which is
 * taken, and at a fault. */
static bool step(struct json_reader *reader, char closing) {
    unsigned char *open = innermost(reader);
    skip_blanks(reader);
    if (peek(reader) == closing) {
        reader->at++;
        reader->depth--;
        return false;
    }
    if ((*open & MEMBERS) != 0) {
        if (peek(reader) != ',') {
            return fail(reader, reader->at, or_cut(reader, "a missing comma or bracket"));
        }
        reader->at++;
    }
    *open |= MEMBERS;
    return true;
}

enum json_type json_reader_next(struct json_reader *reader) {
    if (reader->fault != NULL) return JSON_ABSENT;
    if (is_open(reader, '[')) return step(reader, ']') ? take_value(reader) : JSON_ABSENT;
    if (is_open(reader, '{')) {
        if ((*innermost(reader) & VALUE) == 0) return JSON_ABSENT;
        *innermost(reader) &= (unsigned char)~VALUE;
        return take_value(reader);
    }
    if (reader->begun) return JSON_ABSENT;
    reader->begun = true;
    if (strncmp(reader->text, "\xEF\xBB\xBF", 3) == 0) {
        return fail(reader, 0, "a byte order mark");
    }
    return take_value(reader);
}

bool json_reader_key(struct json_reader *reader, struct json_string *key) {
    if (is_open(reader, '{') && (*innermost(reader) & VALUE) != 0) json_reader_skip(reader);
    if (reader->fault != NULL || !is_open(reader, '{') || !step(reader, '}')) return false;
    skip_blanks(reader);
    if (peek(reader) != '"') {
        return fail(reader, reader->at, or_cut(reader, "a member without a name"));
    }
    if (!take_string(reader)) return false;
    *key = reader->string;
    skip_blanks(reader);
    if (peek(reader) != ':') {
        return fail(reader, reader->at, or_cut(reader, "a name without a colon"));
    }
    reader->at++;
    *innermost(reader) |= VALUE;
    return true;
}

/* Until only `depth` brackets are open. */
static void close_to(struct json_reader *reader, int depth) {
    struct json_string ignored;
    while (reader->depth > depth && reader->fault == NULL) {
        if (is_open(reader, '[') || (*innermost(reader) & VALUE) != 0) {
            json_reader_next(reader);
        } else {
            json_reader_key(reader, &ignored);
        }
    }
}

void json_reader_skip(struct json_reader *reader) {
    int depth = reader->depth;
    enum json_type type = json_reader_next(reader);
    if (type == JSON_ARRAY || type == JSON_OBJECT) close_to(reader, depth);
}

void json_reader_leave(struct json_reader *reader) {
    if (reader->depth > 0) close_to(reader, reader->depth - 1);
}

bool json_reader_end(struct json_reader *reader) {
    if (reader->fault != NULL) return false;
    if (!reader->begun || reader->depth > 0) {
        return fail(reader, reader->at, "the text was not read to its end");
    }
    skip_blanks(reader);
    if (reader->at < reader->length) fail(reader, reader->at, "text after the value's end");
    return reader->fault == NULL;
}
