/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a JSON body strictly: what is not asked for, twice there or of another type is an error. */
#include "serve/data/data_body.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"

enum { LONGEST_NAME = 64 }; /* of a foreign field in an error */

/* ---- what kind of body it is ----------------------------------------------------------------- */

static struct http_slice trim(struct http_slice text) {
    while (text.length > 0 && strchr(" \t", text.at[0]) != NULL) {
        text.at++;
        text.length--;
    }
    while (text.length > 0 && strchr(" \t", text.at[text.length - 1]) != NULL) text.length--;
    return text;
}

/* Takes what stands before the next ';', or all that is left, off `rest`. */
static struct http_slice take_part(struct http_slice *rest) {
    const char *end = memchr(rest->at, ';', rest->length);
    struct http_slice part = {rest->at, end == NULL ? rest->length : (size_t)(end - rest->at)};
    size_t gone = part.length + (end != NULL);
    rest->at += gone;
    rest->length -= gone;
    return trim(part);
}

/* "charset=utf-8", with or without quotes; other parameters say nothing of the bytes. */
static bool is_utf8_or_other(struct http_slice parameter) {
    static const char charset[] = "charset=";
    size_t length = sizeof charset - 1;
    if (parameter.length < length || strncasecmp(parameter.at, charset, length) != 0) return true;
    struct http_slice value = {parameter.at + length, parameter.length - length};
    if (value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"') {
        value.at++;
        value.length -= 2;
    }
    return http_slice_equals_nocase(value, "utf-8") || http_slice_equals_nocase(value, "utf8");
}

static bool refuse_type(struct http_answer *answer, const char *field, const char *sentence,
                        const char *wanted) {
    const struct http_error error = {
        .status = 415, .code = "unsupported_media_type", .field = field, .index = -1};
    http_answer_error(answer, &error, "%s: %s", sentence, wanted);
    return false;
}

bool data_body_has_type(const struct http_request *request, const char *type, const char *other,
                        bool lenient, struct http_answer *answer) {
    struct http_slice encoding = http_request_header(request, "Content-Encoding");
    if (encoding.at != NULL && !http_slice_equals_nocase(encoding, "identity")) {
        return refuse_type(answer, "Content-Encoding", "the body is compressed",
                           "send it as it is");
    }
    struct http_slice rest = http_request_header(request, "Content-Type");
    if (rest.at == NULL) {
        return lenient || refuse_type(answer, "Content-Type", "no Content-Type: give", type);
    }
    struct http_slice first = take_part(&rest);
    bool known = http_slice_equals_nocase(first, type) ||
                 (other != NULL && http_slice_equals_nocase(first, other));
    if (!known) {
        return refuse_type(answer, "Content-Type", "this Content-Type is not read here: give",
                           type);
    }
    while (rest.length > 0) {
        if (is_utf8_or_other(take_part(&rest))) continue;
        return refuse_type(answer, "Content-Type", "a charset that is not read", "send UTF-8");
    }
    return true;
}

/* ---- errors ---------------------------------------------------------------------------------- */

void data_body_begin(struct data_body *body, char *text, size_t length,
                     struct http_answer *answer) {
    body->answer = answer;
    body->itself = "the body";
    json_reader_begin(&body->reader, text != NULL ? text : body->nothing, length);
}

bool data_body_fault(struct data_body *body) {
    const struct http_error error = {.status = 400, .code = "malformed_json", .index = -1};
    http_answer_error(body->answer, &error, "%s is not JSON: %s at byte %zu", body->itself,
                      body->reader.fault, body->reader.fault_at);
    return false;
}

/* "pairs[3].address1"; "" for the body itself. */
static const char *name_place(struct data_body_place place, char *to, size_t capacity) {
    int length = snprintf(to, capacity, "%s", place.field != NULL ? place.field : "");
    if (place.index >= 0) {
        length += snprintf(to + length, capacity - (size_t)length, "[%" PRId64 "]", place.index);
    }
    if (place.member != NULL) {
        snprintf(to + length, capacity - (size_t)length, "%s%s", length > 0 ? "." : "",
                 place.member);
    }
    return to;
}

static bool refuse(struct data_body *body, int status, const char *code,
                   struct data_body_place place, const char *format, va_list arguments) {
    char name[3 * LONGEST_NAME + 32], sentence[512];
    vsnprintf(sentence, sizeof sentence, format, arguments);
    name_place(place, name, sizeof name);
    const struct http_error error = {.status = status,
                                     .code = code,
                                     .field = name[0] != '\0' ? name : NULL,
                                     .index = place.index};
    http_answer_error(body->answer, &error, "%s %s", name[0] != '\0' ? name : body->itself,
                      sentence);
    return false;
}

bool data_body_wrong(struct data_body *body, const char *code, struct data_body_place place,
                     const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    refuse(body, 422, code, place, format, arguments);
    va_end(arguments);
    return false;
}

static bool malformed(struct data_body *body, const char *code, struct data_body_place place,
                      const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    refuse(body, 400, code, place, format, arguments);
    va_end(arguments);
    return false;
}

bool data_body_wrong_type(struct data_body *body, struct data_body_place place,
                          const char *wanted) {
    if (body->reader.fault != NULL) return data_body_fault(body);
    return data_body_wrong(body, "wrong_type", place, "must be %s", wanted);
}

/* ---- values ---------------------------------------------------------------------------------- */

bool data_body_open(struct data_body *body, enum json_type type, struct data_body_place place) {
    if (json_reader_next(&body->reader) == type) return true;
    return data_body_wrong_type(body, place, type == JSON_OBJECT ? "an object" : "an array");
}

static int number_of(struct json_string key, const char *const *names) {
    for (int i = 0; names[i] != NULL; i++) {
        if (http_slice_equals(data_body_slice(key), names[i])) return i;
    }
    return DATA_BODY_OTHER;
}

/* An error about a field by its own name, which may be anything. */
static int refuse_field(struct data_body *body, bool twice, struct data_body_place place,
                        struct json_string key) {
    char name[LONGEST_NAME + 1];
    size_t length = utf8_cut(key.bytes, key.length, LONGEST_NAME);
    memcpy(name, key.bytes, length);
    name[length] = '\0';
    place.member = name;
    if (twice) {
        malformed(body, "duplicate_field", place, "is there twice");
    } else {
        data_body_wrong(body, "unknown_field", place, "is not a field of this request");
    }
    return DATA_BODY_WRONG;
}

int data_body_field(struct data_body *body, struct data_body_place place, const char *const *names,
                    bool lenient, unsigned *seen) {
    struct json_string key;
    if (!json_reader_key(&body->reader, &key)) {
        if (body->reader.fault == NULL) return DATA_BODY_END;
        data_body_fault(body);
        return DATA_BODY_WRONG;
    }
    int number = number_of(key, names);
    if (number == DATA_BODY_OTHER) return lenient ? number : refuse_field(body, false, place, key);
    if ((*seen & 1u << number) != 0) return refuse_field(body, true, place, key);
    *seen |= 1u << number;
    return number;
}

bool data_body_string(struct data_body *body, struct data_body_place place,
                      struct json_string *to) {
    if (json_reader_next(&body->reader) != JSON_STRING) {
        return data_body_wrong_type(body, place, "a string");
    }
    *to = body->reader.string;
    return true;
}

bool data_body_flag(struct data_body *body, struct data_body_place place, bool *to) {
    enum json_type type = json_reader_next(&body->reader);
    *to = type == JSON_TRUE;
    return type == JSON_TRUE || type == JSON_FALSE ||
           data_body_wrong_type(body, place, "true or false");
}

bool data_body_end(struct data_body *body) {
    return json_reader_end(&body->reader) || data_body_fault(body);
}
