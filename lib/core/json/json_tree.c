/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as a tree of values that lie in one block of memory.
 *
 * The block is as large as the text can need at most, so that memory is asked for once, and running
 * out of it cannot be mistaken for a flaw of the text, nor change what a text says. */
#include "core/json/json_tree.h"

#include "core/alloc.h"
#include "core/utf8.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_KEYS = 16, NUMBER_BYTES = 512, REPLACEMENT = 0xFFFD };
enum { FREE_VALUES = 1 << 16, VALUE_BYTES = 10 }; /* a text may hold so many, and one in 10 bytes */
_Static_assert(MGI_JSON_MAX_DEPTH == 32, "a line below says so");

typedef struct reader {
    const unsigned char *at, *end;
    unsigned line;
    unsigned depth;
    mgi_json_value *free_value, *values_end;
    char *free_text;
    const char **keys; /* room for those of one object */
    const char *flaw;
} reader;

static bool refuse(reader *r, const char *reason) {
    if (r->flaw == NULL) r->flaw = reason;
    return false;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void skip_space(reader *r) {
    for (; r->at < r->end; r->at++) {
        if (*r->at == '\n') r->line++;
        if (*r->at != ' ' && *r->at != '\n' && *r->at != '\r' && *r->at != '\t') return;
    }
}

static bool take(reader *r, char byte) {
    if (r->at == r->end || *r->at != (unsigned char)byte) return false;
    r->at++;
    return true;
}

static bool take_word(reader *r, const char *word) {
    size_t bytes = strlen(word);
    if ((size_t)(r->end - r->at) < bytes || memcmp(r->at, word, bytes) != 0) return false;
    r->at += bytes;
    return true;
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool read_hex(reader *r, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        if (r->at == r->end) return refuse(r, "a string does not end");
        unsigned char byte = *r->at;
        unsigned char letter = byte | 0x20;
        if (byte >= '0' && byte <= '9') {
            *code = *code << 4 | (uint32_t)(byte - '0');
        } else if (letter >= 'a' && letter <= 'f') {
            *code = *code << 4 | (uint32_t)(letter - 'a' + 10);
        } else {
            return refuse(r, "four hexadecimal digits are expected after \\u");
        }
    }
    return true;
}

static void put_utf8(reader *r, uint32_t code) {
    char *to = r->free_text;
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
    } else {
        *to++ = (char)(0xF0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    if (code >= 0x80) *to++ = (char)(0x80 | (code & 0x3F));
    r->free_text = to;
}

/* What follows \u; an escape is at least as long as what it stands for. Half of a surrogate pair
 * and U+0000, which Python writes and a C string cannot hold, become the replacement character. */
static bool read_code_point(reader *r) {
    uint32_t code, low;
    if (!read_hex(r, &code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && take_word(r, "\\u")) {
        if (!read_hex(r, &low)) return false;
        if (low >= 0xDC00 && low <= 0xDFFF) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else {
            put_utf8(r, REPLACEMENT);
            code = low;
        }
    }
    put_utf8(r, code == 0 || (code >= 0xD800 && code < 0xE000) ? REPLACEMENT : code);
    return true;
}

static bool read_escape(reader *r) {
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end) return refuse(r, "a string does not end");
    unsigned char byte = *r->at++;
    if (byte == 'u') return read_code_point(r);
    const char *found = byte == 0 ? NULL : strchr(escapes, byte);
    if (found == NULL) return refuse(r, "an escape that JSON does not have");
    *r->free_text++ = meanings[found - escapes];
    return true;
}

static bool read_character(reader *r) {
    int32_t code_point;
    size_t bytes = mgi_utf8_decode(r->at, r->end, &code_point);
    if (bytes == 0) return refuse(r, "not UTF-8");
    if (code_point < 0x20) return refuse(r, "a control character in a string");
    memcpy(r->free_text, r->at, bytes);
    r->free_text += bytes;
    r->at += bytes;
    return true;
}

/* The opening quote has been taken. The quotes' bytes leave room for the NUL. */
static bool read_string(reader *r, const char **text) {
    *text = r->free_text;
    while (!take(r, '"')) {
        if (r->at == r->end) return refuse(r, "a string does not end");
        bool read = take(r, '\\') ? read_escape(r) : read_character(r);
        if (!read) return false;
    }
    *r->free_text++ = '\0';
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static size_t count_digits(reader *r) {
    const unsigned char *before = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return (size_t)(r->at - before);
}

/* strtod takes the point that the host's locale has. A number that is too long to be one is none.
 */
static void convert_real(reader *r, const unsigned char *from, mgi_json_value *value) {
    char number[NUMBER_BYTES + 8], half[16];
    size_t bytes = (size_t)(r->at - from);
    value->kind = MGI_JSON_REAL;
    value->real = NAN;
    if (bytes > NUMBER_BYTES) return;
    int half_bytes = snprintf(half, sizeof half, "%.1f", 0.5); /* "0.5", "0,5" */
    const unsigned char *point = memchr(from, '.', bytes);
    size_t before = point == NULL ? bytes : (size_t)(point - from);
    memcpy(number, from, before);
    if (point != NULL && half_bytes > 2 && half_bytes < 8) {
        size_t length = (size_t)half_bytes - 2;
        memcpy(number + before, half + 1, length);
        memcpy(number + before + length, point + 1, bytes - before - 1);
        bytes += length - 1;
    }
    number[bytes] = '\0';
    int kept = errno;
    value->real = strtod(number, NULL);
    errno = kept;
}

/* An integer beyond 64 bits, as Python writes 1e30, is a real number. */
static void convert_integer(reader *r, const unsigned char *from, mgi_json_value *value) {
    bool negative = *from == '-', fits = true;
    int64_t number = 0;
    for (const unsigned char *at = from + negative; fits && at < r->at; at++) {
        fits = !__builtin_mul_overflow(number, 10, &number) &&
               !__builtin_sub_overflow(number, (int64_t)(*at - '0'), &number);
    }
    if (!fits || (!negative && number == INT64_MIN)) {
        convert_real(r, from, value);
        return;
    }
    value->kind = MGI_JSON_INTEGER;
    value->integer = negative ? number : -number;
}

/* What Python's json writes for numbers that JSON does not have. */
static bool take_not_finite(reader *r, mgi_json_value *value) {
    value->kind = MGI_JSON_REAL;
    value->real = NAN;
    if (take_word(r, "NaN")) return true;
    value->real = r->at < r->end && *r->at == '-' ? -INFINITY : INFINITY;
    return take_word(r, "Infinity") || take_word(r, "-Infinity");
}

static bool read_number(reader *r, mgi_json_value *value) {
    const unsigned char *from = r->at;
    bool real = false;
    if (take_not_finite(r, value)) return true;
    take(r, '-');
    if (!take(r, '0') && count_digits(r) == 0) return refuse(r, "a value is expected");
    if (take(r, '.')) {
        real = true;
        if (count_digits(r) == 0) return refuse(r, "a digit is expected after the point");
    }
    if (take(r, 'e') || take(r, 'E')) {
        real = true;
        if (!take(r, '+')) take(r, '-');
        if (count_digits(r) == 0) return refuse(r, "a digit is expected in the exponent");
    }
    if (real) {
        convert_real(r, from, value);
    } else {
        convert_integer(r, from, value);
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool read_value(reader *r, mgi_json_value *value);

static int compare_keys(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool keys_differ(reader *r, const mgi_json_value *object) {
    const mgi_json_value *member = object->first;
    for (uint32_t i = 0; i < object->count; i++, member = member->next) r->keys[i] = member->key;
    if (object->count <= FEW_KEYS) {
        for (uint32_t i = 1; i < object->count; i++) {
            for (uint32_t j = 0; j < i; j++) {
                if (strcmp(r->keys[i], r->keys[j]) == 0) return refuse(r, "a duplicate key");
            }
        }
        return true;
    }
    qsort(r->keys, object->count, sizeof *r->keys, compare_keys);
    for (uint32_t i = 1; i < object->count; i++) {
        if (strcmp(r->keys[i], r->keys[i - 1]) == 0) return refuse(r, "a duplicate key");
    }
    return true;
}

static bool read_key(reader *r, const char **key) {
    skip_space(r);
    if (!take(r, '"')) return refuse(r, "a key in quotes is expected");
    if (!read_string(r, key)) return false;
    skip_space(r);
    return take(r, ':') || refuse(r, "a colon is expected");
}

/* The bracket has been taken. */
static bool read_members(reader *r, mgi_json_value *value, char closing) {
    const mgi_json_value **link = &value->first;
    value->kind = closing == '}' ? MGI_JSON_OBJECT : MGI_JSON_ARRAY;
    if (++r->depth > MGI_JSON_MAX_DEPTH) return refuse(r, "nested deeper than 32 levels");
    skip_space(r);
    for (bool closed = take(r, closing); !closed; closed = take(r, closing)) {
        if (value->count > 0 && !take(r, ',')) return refuse(r, "a comma or a bracket is expected");
        if (r->free_value == r->values_end) return refuse(r, "more values than its size allows");
        mgi_json_value *member = r->free_value++;
        if (closing == '}' && !read_key(r, &member->key)) return false;
        if (!read_value(r, member)) return false;
        *link = member;
        link = &member->next;
        value->count++;
    }
    r->depth--;
    return closing == ']' || keys_differ(r, value);
}

static bool read_word(reader *r, mgi_json_value *value) {
    if (take_word(r, "null")) return true;
    value->integer = take_word(r, "true");
    if (value->integer == 0 && !take_word(r, "false")) return read_number(r, value);
    value->kind = MGI_JSON_BOOL;
    return true;
}

static bool read_value(reader *r, mgi_json_value *value) {
    bool read;
    skip_space(r);
    if (take(r, '{')) {
        read = read_members(r, value, '}');
    } else if (take(r, '[')) {
        read = read_members(r, value, ']');
    } else if (take(r, '"')) {
        value->kind = MGI_JSON_TEXT;
        read = read_string(r, &value->text);
    } else {
        read = read_word(r, value);
    }
    skip_space(r);
    return read;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* Every value but the first of each array or object follows a comma. A value takes far more memory
 * than the two bytes that it can be written with: no file that is worth reading has so many of them
 * that this matters, and one that has is not given the memory. */
static size_t most_values(const unsigned char *text, size_t size) {
    size_t values = 2, most = FREE_VALUES + size / VALUE_BYTES;
    for (size_t i = 0; i < size; i++) values += text[i] == ',' || text[i] == '{' || text[i] == '[';
    return values < most ? values : most;
}

mgi_json_value *mgi_json_tree_read(const void *text, size_t size, mgi_json_flaw *flaw) {
    const unsigned char *from = text;
    *flaw = (mgi_json_flaw){0};
    if (size >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0) {
        from += 3;
        size -= 3;
    }
    size_t values = most_values(from, size), bytes;
    if (__builtin_mul_overflow(values, sizeof(mgi_json_value) + sizeof(char *), &bytes) ||
        __builtin_add_overflow(bytes, size, &bytes) || values > UINT32_MAX) {
        return NULL;
    }
    mgi_json_value *root = mgi_calloc(bytes, 1);
    if (root == NULL) return NULL;
    const char **keys = (const char **)(void *)(root + values);
    reader r = {.at = from,
                .end = from + size,
                .line = 1,
                .free_value = root + 1,
                .values_end = root + values,
                .keys = keys,
                .free_text = (char *)(keys + values)};
    if (read_value(&r, root) && r.at == r.end) return root;
    *flaw = (mgi_json_flaw){.line = r.line, .reason = r.flaw};
    if (r.flaw == NULL) flaw->reason = "more after its end";
    mgi_free(root);
    return NULL;
}

void mgi_json_tree_free(mgi_json_value *root) { mgi_free(root); }

/* ---- asking ---------------------------------------------------------------------------------- */

const mgi_json_value *mgi_json_tree_first(const mgi_json_value *value) {
    if (value == NULL || (value->kind != MGI_JSON_ARRAY && value->kind != MGI_JSON_OBJECT)) {
        return NULL;
    }
    return value->first;
}

const mgi_json_value *mgi_json_tree_member(const mgi_json_value *object, const char *key) {
    if (object == NULL || object->kind != MGI_JSON_OBJECT) return NULL;
    for (const mgi_json_value *member = object->first; member != NULL; member = member->next) {
        if (strcmp(member->key, key) == 0) return member;
    }
    return NULL;
}

const char *mgi_json_tree_text(const mgi_json_value *value) {
    return value != NULL && value->kind == MGI_JSON_TEXT ? value->text : NULL;
}

bool mgi_json_tree_integer(const mgi_json_value *value, int64_t *number) {
    if (value == NULL || value->kind != MGI_JSON_INTEGER) return false;
    *number = value->integer;
    return true;
}
