/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8259, and NaN, without building a tree: rows are many and only two members are wanted. */
#include "table/json_record.h"

#include <string.h>

enum { DEEPEST = 64 };

static char peek(const struct json_walk *walk) {
    return walk->at < walk->text.length ? walk->text.text[walk->at] : '\0';
}

static bool fail(struct json_walk *walk, const char *wrong) {
    if (walk->wrong == NULL) walk->wrong = wrong;
    return false;
}

static void skip_blanks(struct json_walk *walk) {
    while (walk->at < walk->text.length) {
        char byte = walk->text.text[walk->at];
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') return;
        walk->at++;
    }
}

static bool is_hex(char byte) {
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* After a backslash at `at`. */
static bool skip_escape(struct json_walk *walk) {
    walk->at++;
    char byte = peek(walk);
    if (byte != '\0' && strchr("\"\\/bfnrt", byte) != NULL) {
        walk->at++;
        return true;
    }
    if (byte != 'u' || walk->text.length - walk->at < 5) return fail(walk, "a bad escape");
    for (size_t i = 1; i <= 4; i++) {
        if (!is_hex(walk->text.text[walk->at + i])) return fail(walk, "a bad escape");
    }
    walk->at += 5;
    return true;
}

static bool take_string(struct json_walk *walk, struct table_cell *string, bool *escaped) {
    *escaped = false;
    size_t begin = ++walk->at;
    while (walk->at < walk->text.length) {
        unsigned char byte = (unsigned char)walk->text.text[walk->at];
        if (byte == '"') {
            *string = (struct table_cell){walk->text.text + begin, walk->at++ - begin};
            return true;
        }
        if (byte < 0x20) return fail(walk, "a control character in a string");
        if (byte == '\\') {
            *escaped = true;
            if (!skip_escape(walk)) return false;
        } else {
            walk->at++;
        }
    }
    return fail(walk, "a string that does not end");
}

static bool skip_digits(struct json_walk *walk) {
    size_t begin = walk->at;
    while (peek(walk) >= '0' && peek(walk) <= '9') walk->at++;
    return walk->at > begin;
}

static bool skip_number(struct json_walk *walk) {
    if (peek(walk) == '-') walk->at++;
    bool zero = peek(walk) == '0';
    size_t begin = walk->at;
    if (!skip_digits(walk) || (zero && walk->at > begin + 1)) return fail(walk, "a bad number");
    if (peek(walk) == '.') {
        walk->at++;
        if (!skip_digits(walk)) return fail(walk, "a bad number");
    }
    if ((peek(walk) | 0x20) == 'e') {
        walk->at++;
        if (peek(walk) == '+' || peek(walk) == '-') walk->at++;
        if (!skip_digits(walk)) return fail(walk, "a bad number");
    }
    return true;
}

/* The last three are no JSON, but what Python's json.dumps writes. */
static bool skip_word(struct json_walk *walk) {
    static const char *const words[] = {"null", "true", "false", "NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if (walk->text.length - walk->at >= length &&
            memcmp(walk->text.text + walk->at, words[i], length) == 0) {
            walk->at += length;
            return true;
        }
    }
    return fail(walk, "something that is no value");
}

static bool skip_scalar(struct json_walk *walk) {
    struct table_cell ignored;
    bool escaped;
    char byte = peek(walk);
    if (byte == '"') return take_string(walk, &ignored, &escaped);
    bool infinite =
        byte == '-' && walk->at + 1 < walk->text.length && walk->text.text[walk->at + 1] == 'I';
    if (!infinite && (byte == '-' || (byte >= '0' && byte <= '9'))) return skip_number(walk);
    return skip_word(walk);
}

/* A key and its colon. */
static bool skip_key(struct json_walk *walk) {
    skip_blanks(walk);
    if (peek(walk) != '"') return fail(walk, "a member without a name");
    if (!skip_scalar(walk)) return false;
    skip_blanks(walk);
    if (peek(walk) != ':') return fail(walk, "a name without a colon");
    walk->at++;
    return true;
}

/* After a value inside nested brackets: closes what ends here. False at a fault. */
static bool close_brackets(struct json_walk *walk, const char *brackets, size_t *depth) {
    while (*depth > 0) {
        skip_blanks(walk);
        char byte = peek(walk), closing = brackets[*depth - 1] == '{' ? '}' : ']';
        if (byte == ',') {
            walk->at++;
            return brackets[*depth - 1] != '{' || skip_key(walk);
        }
        if (byte != closing) return fail(walk, "a missing comma or bracket");
        walk->at++;
        --*depth;
    }
    return true;
}

static bool skip_value(struct json_walk *walk) {
    char brackets[DEEPEST];
    size_t depth = 0;
    do {
        skip_blanks(walk);
        char byte = peek(walk);
        if (byte != '{' && byte != '[') {
            if (!skip_scalar(walk) || !close_brackets(walk, brackets, &depth)) return false;
            continue;
        }
        if (depth == DEEPEST) return fail(walk, "brackets over 64 deep");
        brackets[depth++] = byte;
        walk->at++;
        skip_blanks(walk);
        if (peek(walk) == (byte == '{' ? '}' : ']')) {
            walk->at++;
            depth--;
            if (!close_brackets(walk, brackets, &depth)) return false;
        } else if (byte == '{' && !skip_key(walk)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

bool json_walk_begin(struct json_walk *walk, struct table_cell text) {
    *walk = (struct json_walk){.text = text};
    skip_blanks(walk);
    if (peek(walk) != '{' && peek(walk) != '[') return fail(walk, "no object or array");
    walk->array = peek(walk) == '[';
    walk->at++;
    return true;
}

static bool at_end(struct json_walk *walk) {
    if (peek(walk) != (walk->array ? ']' : '}')) return false;
    walk->close = walk->at++;
    skip_blanks(walk);
    walk->ended = walk->at == walk->text.length;
    if (!walk->ended) fail(walk, "text after the closing bracket");
    return true;
}

static bool take_key(struct json_walk *walk, struct json_member *member) {
    if (walk->array) return true;
    if (peek(walk) != '"') return fail(walk, "a member without a name");
    if (!take_string(walk, &member->key, &member->key_escaped)) return false;
    skip_blanks(walk);
    if (peek(walk) != ':') return fail(walk, "a name without a colon");
    walk->at++;
    skip_blanks(walk);
    return true;
}

static bool take_value(struct json_walk *walk, struct json_member *member) {
    size_t begin = walk->at;
    if (peek(walk) == '"') {
        member->kind = JSON_VALUE_STRING;
        return take_string(walk, &member->value, &member->value_escaped);
    }
    if (!skip_value(walk)) return false;
    member->kind = walk->text.text[begin] == 'n' ? JSON_VALUE_NULL : JSON_VALUE_OTHER;
    member->value = (struct table_cell){walk->text.text + begin, walk->at - begin};
    if (member->kind == JSON_VALUE_NULL) member->value.length = 0;
    return true;
}

bool json_walk_next(struct json_walk *walk, struct json_member *member) {
    if (walk->wrong != NULL || walk->ended) return false;
    *member = (struct json_member){0};
    skip_blanks(walk);
    if (!walk->begun) {
        walk->begun = true;
        if (at_end(walk)) return false;
    } else {
        if (at_end(walk)) return false;
        if (peek(walk) != ',') return fail(walk, "a missing comma or bracket");
        walk->at++;
        skip_blanks(walk);
    }
    return take_key(walk, member) && take_value(walk, member);
}

static unsigned hex4(const char *text) {
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        char byte = text[i];
        code = code * 16 + (unsigned)(byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10);
    }
    return code;
}

static size_t put_utf8(unsigned code, char *to) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t bytes = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = bytes; i-- > 1; code >>= 6) to[i] = (char)(0x80 | (code & 0x3F));
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    to[0] = (char)(lead[bytes] | code);
    return bytes;
}

/* The code after "\u" at text[at]; *at moves past it. 0xD800 if it is no character. */
static unsigned take_code(struct table_cell string, size_t *at) {
    unsigned code = hex4(string.text + *at + 2);
    *at += 6;
    if (code < 0xD800 || code > 0xDFFF) return code;
    const char *next = string.text + *at;
    bool pair = code <= 0xDBFF && string.length - *at >= 6 && next[0] == '\\' && next[1] == 'u';
    if (!pair) return 0xD800;
    unsigned low = hex4(next + 2);
    if (low < 0xDC00 || low > 0xDFFF) return 0xD800;
    *at += 6;
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

bool json_unescape(struct table_cell string, char *to, size_t *length) {
    static const char from[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
    size_t out = 0, at = 0;
    while (at < string.length) {
        if (string.text[at] != '\\') {
            to[out++] = string.text[at++];
        } else if (string.text[at + 1] == 'u') {
            unsigned code = take_code(string, &at);
            if (code == 0xD800) return false;
            out += put_utf8(code, to + out);
        } else {
            to[out++] = plain[strchr(from, string.text[at + 1]) - from];
            at += 2;
        }
    }
    *length = out;
    return true;
}
