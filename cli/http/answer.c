/* SPDX-License-Identifier: Apache-2.0 */
/* Builds answers: header lines, errors as flat JSON, and the names of statuses. */
#include "http/answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* Every byte but controls, so that a value can never begin another line. */
static void add_value(struct string_buffer *line, const char *value) {
    for (const char *at = value; *at != '\0';) {
        size_t plain = 0;
        while ((unsigned char)at[plain] >= 0x20 && at[plain] != 0x7F) plain++;
        if (plain > 0) string_buffer_add(line, at, plain);
        at += plain;
        if (*at != '\0') at++;
    }
}

void http_answer_header(struct http_answer *answer, const char *name, const char *value) {
    string_buffer_put(&answer->headers, name);
    string_buffer_add(&answer->headers, ": ", 2);
    add_value(&answer->headers, value);
    string_buffer_add(&answer->headers, "\r\n", 2);
}

void http_answer_header_integer(struct http_answer *answer, const char *name, uint64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    http_answer_header(answer, name, digits);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The classes of text-embeddings-inference's clients, and more of the kind. */
static const char *type_of(int status) {
    switch (status) {
    case 401:
    case 403: return "Unauthorized";
    case 404: return "NotFound";
    case 408: return "Timeout";
    case 409: return "Conflict";
    case 412:
    case 428: return "Precondition";
    case 429: return "Overloaded";
    case 503: return "Unhealthy";
    default: return status >= 500 && status != 501 && status != 505 ? "Backend" : "Validation";
    }
}

static void add_member(struct string_buffer *json, const char *key, const char *value) {
    string_buffer_format(json, "\"%s\": ", key);
    string_buffer_json_string(json, value, strlen(value));
}

static void add_details(struct string_buffer *json, const struct http_error *error) {
    string_buffer_put(json, ", ");
    add_member(json, "code", error->code);
    string_buffer_put(json, ", ");
    add_member(json, "error_type", type_of(error->status));
    if (error->field != NULL) {
        string_buffer_put(json, ", ");
        add_member(json, "field", error->field);
    }
    if (error->index >= 0) string_buffer_format(json, ", \"index\": %" PRId64, error->index);
    if (error->limit > 0) string_buffer_format(json, ", \"limit\": %" PRIu64, error->limit);
}

void http_answer_error(struct http_answer *answer, const struct http_error *error,
                       const char *format, ...) {
    char sentence[1024];
    va_list arguments;
    va_start(arguments, format);
    int whole = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (whole >= (int)sizeof sentence) {
        sentence[utf8_cut(sentence, sizeof sentence - 1, sizeof sentence - 2)] = '\0';
    }
    answer->status = error->status;
    answer->content_type = "application/json";
    answer->code = error->code;
    string_buffer_clear(&answer->headers);
    string_buffer_clear(&answer->body);
    if (error->retry_after > 0) {
        http_answer_header_integer(answer, "Retry-After", (uint64_t)error->retry_after);
    }
    string_buffer_put(&answer->body, "{");
    add_member(&answer->body, "error", sentence);
    add_details(&answer->body, error);
    string_buffer_put(&answer->body, "}\n");
}

void http_answer_finish(struct http_answer *answer) {
    string_buffer_finish(&answer->headers);
    string_buffer_finish(&answer->body);
    answer->status = 0;
    answer->content_type = NULL;
    answer->code = NULL;
}

/* ---- statuses -------------------------------------------------------------------------------- */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *http_reason(int status) {
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) return reasons[i].reason;
    }
    return "";
}
