/* SPDX-License-Identifier: Apache-2.0 */
/* Drives llhttp over complete heads of requests and over pieces of replies. */
#include "http/parser.h"

#include <llhttp.h>
#include <stdlib.h>

/* ---- heads of requests ----------------------------------------------------------------------- */

/* A span may come in several calls. */
static void extend(struct http_slice *slice, const char *at, size_t length) {
    if (slice->at == NULL) slice->at = at;
    slice->length = (size_t)(at + length - slice->at);
}

static int on_target(llhttp_t *parser, const char *at, size_t length) {
    struct parser_head *head = parser->data;
    extend(&head->target, at, length);
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t length) {
    struct parser_head *head = parser->data;
    if (head->count == head->capacity) return -1;
    extend(&head->headers[head->count].name, at, length);
    return 0;
}

/* Bodies have a Content-Length here. A coding that is not understood hides where the body ends. */
static int on_name_complete(llhttp_t *parser) {
    struct parser_head *head = parser->data;
    if (head->count == head->capacity) return -1;
    struct http_slice name = head->headers[head->count].name;
    head->has_coding = http_slice_equals_nocase(name, "Transfer-Encoding");
    return head->has_coding ? -1 : 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length) {
    struct parser_head *head = parser->data;
    if (head->count == head->capacity) return -1;
    extend(&head->headers[head->count].value, at, length);
    return 0;
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

static int on_value_complete(llhttp_t *parser) {
    struct parser_head *head = parser->data;
    if (head->count == head->capacity) return -1;
    struct http_slice *value = &head->headers[head->count++].value;
    if (value->at == NULL) value->at = "";
    while (value->length > 0 && is_blank(value->at[value->length - 1])) value->length--;
    while (value->length > 0 && is_blank(value->at[0])) {
        value->at++;
        value->length--;
    }
    return 0;
}

/* What follows the head is not llhttp's business. */
static int on_head_complete(llhttp_t *parser) {
    struct parser_head *head = parser->data;
    head->keep_alive =
        llhttp_should_keep_alive(parser) != 0 && (parser->flags & F_CONNECTION_CLOSE) == 0;
    head->has_length = (parser->flags & F_CONTENT_LENGTH) != 0;
    head->length = parser->content_length;
    return HPE_PAUSED;
}

static const llhttp_settings_t *head_settings(void) {
    static const llhttp_settings_t settings = {
        .on_url = on_target,
        .on_header_field = on_name,
        .on_header_field_complete = on_name_complete,
        .on_header_value = on_value,
        .on_header_value_complete = on_value_complete,
        .on_headers_complete = on_head_complete,
    };
    return &settings;
}

static bool refuse(llhttp_errno_t fault, struct refusal *why) {
    switch (fault) {
    case HPE_INVALID_METHOD:
        return refusal_set(why, 501, "bad_method", "the method is unknown here");
    case HPE_INVALID_URL: return refusal_set(why, 400, "bad_target", "the target is malformed");
    case HPE_INVALID_VERSION:
        return refusal_set(why, 505, "bad_version", "speak HTTP/1.1 or HTTP/1.0");
    case HPE_INVALID_TRANSFER_ENCODING:
        return refusal_set(why, 501, "transfer_encoding",
                           "a Transfer-Encoding is not understood here: send a Content-Length");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
        return refusal_set(why, 400, "bad_content_length",
                           "Content-Length is not one number in decimal digits");
    default: return refusal_set(why, 400, "bad_header", "a header is malformed");
    }
}

bool parser_read_head(struct http_slice bytes, struct parser_head *head, struct refusal *why) {
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, head_settings());
    parser.data = head;
    llhttp_errno_t result = llhttp_execute(&parser, bytes.at, bytes.length);
    if (head->has_coding) result = HPE_INVALID_TRANSFER_ENCODING;
    return result == HPE_PAUSED || refuse(result, why);
}

/* ---- replies --------------------------------------------------------------------------------- */

enum { MOST_HEAD = 256 * 1024, MOST_BODY = 256 * 1024 * 1024 };

struct parser_reply {
    llhttp_t llhttp;
    struct http_reply *reply;
    bool is_head, complete, too_large;
};

static int add(struct parser_reply *to, struct string_buffer *text, const char *at, size_t length,
               size_t most) {
    to->too_large = length > most || text->length > most - length;
    if (to->too_large) return -1;
    string_buffer_add(text, at, length);
    return 0;
}

static int on_reply_text(llhttp_t *parser, const char *at, size_t length) {
    struct parser_reply *to = parser->data;
    return add(to, &to->reply->head, at, length, MOST_HEAD);
}

static int on_reply_name_complete(llhttp_t *parser) { return on_reply_text(parser, ": ", 2); }

static int on_reply_value_complete(llhttp_t *parser) { return on_reply_text(parser, "\r\n", 2); }

static int on_reply_head_complete(llhttp_t *parser) {
    struct parser_reply *to = parser->data;
    to->reply->status = parser->status_code;
    return to->is_head ? 1 : 0;
}

static int on_reply_body(llhttp_t *parser, const char *at, size_t length) {
    struct parser_reply *to = parser->data;
    return add(to, &to->reply->body, at, length, MOST_BODY);
}

/* "100 Continue" and its like precede the reply. */
static int on_reply_complete(llhttp_t *parser) {
    struct parser_reply *to = parser->data;
    if (to->reply->status >= 100 && to->reply->status < 200) {
        string_buffer_clear(&to->reply->head);
        return 0;
    }
    to->complete = true;
    return HPE_PAUSED;
}

struct parser_reply *parser_reply_create(struct http_reply *reply, bool is_head) {
    static const llhttp_settings_t settings = {
        .on_header_field = on_reply_text,
        .on_header_field_complete = on_reply_name_complete,
        .on_header_value = on_reply_text,
        .on_header_value_complete = on_reply_value_complete,
        .on_headers_complete = on_reply_head_complete,
        .on_body = on_reply_body,
        .on_message_complete = on_reply_complete,
    };
    struct parser_reply *parser = calloc(1, sizeof *parser);
    if (parser == NULL) return NULL;
    llhttp_init(&parser->llhttp, HTTP_RESPONSE, &settings);
    parser->llhttp.data = parser;
    parser->reply = reply;
    parser->is_head = is_head;
    return parser;
}

void parser_reply_destroy(struct parser_reply *parser) { free(parser); }

static enum parser_result result_of(const struct parser_reply *parser, llhttp_errno_t fault) {
    if (parser->complete) return PARSER_COMPLETE;
    if (parser->too_large) return PARSER_TOO_LARGE;
    return fault == HPE_OK ? PARSER_MORE : PARSER_BROKEN;
}

enum parser_result parser_reply_feed(struct parser_reply *parser, const char *bytes,
                                     size_t length) {
    return result_of(parser, llhttp_execute(&parser->llhttp, bytes, length));
}

enum parser_result parser_reply_end(struct parser_reply *parser) {
    llhttp_errno_t fault = llhttp_finish(&parser->llhttp);
    enum parser_result result = result_of(parser, fault);
    return result == PARSER_MORE ? PARSER_BROKEN : result;
}
