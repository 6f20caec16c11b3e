/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of token, Host, Origin, Content-Type, If-Match and length, one line for each refusal.
 */
#include "serve/operate/accept.h"

#include <string.h>

#include "serve/operate/operate.h"

enum { BODY_MOST = 64 * 1024 * 1024 };

static struct http_slice trimmed(struct http_slice text) {
    while (text.length > 0 && (*text.at == ' ' || *text.at == '\t')) text.at++, text.length--;
    while (text.length > 0 &&
           (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

bool accept_is_loopback(struct http_slice host) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (host.length < length || strncasecmp(host.at, names[i], length) != 0) continue;
        if (host.length == length) return true;
        if (host.at[length] != ':') continue;
        size_t at = length + 1;
        while (at < host.length && host.at[at] >= '0' && host.at[at] <= '9') at++;
        if (at == host.length) return true;
    }
    return false;
}

bool accept_is_same_origin(struct http_slice origin, struct http_slice host) {
    static const char scheme[] = "http://";
    size_t length = sizeof scheme - 1;
    return origin.length == length + host.length && memcmp(origin.at, scheme, length) == 0 &&
           strncasecmp(origin.at + length, host.at, host.length) == 0;
}

bool accept_is_token(struct http_slice authorization, const char *token) {
    static const char scheme[] = "Bearer ";
    size_t length = sizeof scheme - 1;
    if (authorization.at == NULL || authorization.length < length) return false;
    if (strncasecmp(authorization.at, scheme, length) != 0) return false;
    struct http_slice given = {authorization.at + length, authorization.length - length};
    given = trimmed(given);
    if (given.length != strlen(token)) return false;
    unsigned char differs = 0;
    for (size_t i = 0; i < given.length; i++) {
        differs |= (unsigned char)((unsigned char)given.at[i] ^ (unsigned char)token[i]);
    }
    return differs == 0;
}

static bool names_state(struct http_slice one, const char *etag) {
    one = trimmed(one);
    if (http_slice_equals(one, "*") || http_slice_equals(one, etag)) return true;
    return one.length + 2 == strlen(etag) && memcmp(one.at, etag + 1, one.length) == 0;
}

bool accept_matches(struct http_slice list, const char *etag) {
    while (list.length > 0) {
        const char *comma = memchr(list.at, ',', list.length);
        size_t length = comma != NULL ? (size_t)(comma - list.at) : list.length;
        if (names_state((struct http_slice){list.at, length}, etag)) return true;
        size_t taken = length + (comma != NULL);
        list = (struct http_slice){list.at + taken, list.length - taken};
    }
    return false;
}

/* ---- refusals -------------------------------------------------------------------------------- */

static bool refuse(struct http_answer *answer, int status, const char *code, const char *sentence) {
    const struct http_error error = {.status = status, .code = code, .index = -1};
    http_answer_error(answer, &error, "%s", sentence);
    return false;
}

/* A page from elsewhere must not reach this side through the browser of somebody who may. */
static bool comes_from_here(const struct http_request *request, struct http_answer *answer) {
    struct http_slice host = http_request_header(request, "Host");
    struct http_slice origin = http_request_header(request, "Origin");
    if (host.at == NULL || !accept_is_loopback(host)) {
        return refuse(answer, 403, "bad_host",
                      "the operating side answers to the names localhost, 127.0.0.1 and [::1] "
                      "only: reach it from this machine, or through ssh -L");
    }
    if (origin.at != NULL && !accept_is_same_origin(origin, host)) {
        return refuse(answer, 403, "bad_origin",
                      "a page of another origin asks: open the console at this address instead");
    }
    return true;
}

static bool has_token(const struct operate *operate, const struct http_request *request,
                      struct http_answer *answer) {
    if (operate->token[0] == '\0') return true;
    struct http_slice given = http_request_header(request, "Authorization");
    if (accept_is_token(given, operate->token)) return true;
    refuse(answer, 401, "unauthorized",
           given.at == NULL ? "give the token: Authorization: Bearer TOKEN"
                            : "that is not the token of --operate-token-file");
    http_answer_header(answer, "WWW-Authenticate", "Bearer");
    return false;
}

static bool is_json(const struct http_request *request, enum accept_kind kind) {
    struct http_slice type = http_request_header(request, "Content-Type");
    if (type.at == NULL) return kind == ACCEPT_FOREIGN;
    const char *semicolon = memchr(type.at, ';', type.length);
    if (semicolon != NULL) type.length = (size_t)(semicolon - type.at);
    type = trimmed(type);
    return http_slice_equals_nocase(type, "application/json") ||
           (kind == ACCEPT_FOREIGN && http_slice_equals_nocase(type, "application/octet-stream"));
}

static bool has_sound_head(const struct accept_route *route, const struct http_request *request,
                           struct http_answer *answer) {
    if (request->content_length > BODY_MOST) {
        const struct http_error error = {
            .status = 413, .code = "body_too_large", .index = -1, .limit = BODY_MOST};
        http_answer_error(answer, &error,
                          "the body has more than 64 MiB: compare a sample of the pairs");
        return false;
    }
    if (route->kind <= ACCEPT_READS) return true;
    if (!is_json(request, route->kind)) {
        return refuse(answer, 415, "bad_content_type", "give Content-Type: application/json");
    }
    if (route->kind == ACCEPT_CHANGES && http_request_header(request, "If-Match").at == NULL) {
        return refuse(answer, 428, "if_match_missing",
                      "give If-Match: the ETag of GET /operate/status, or * for any state");
    }
    return true;
}

bool operate_accepts(const struct service *service, const struct http_request *request,
                     struct http_answer *answer) {
    const struct accept_route *other, *route = accept_find(request, &other);
    if (!comes_from_here(request, answer)) return false;
    const struct accept_route *either = route != NULL ? route : other;
    bool open = either != NULL && either->kind == ACCEPT_OPEN;
    if (!open && !has_token(service->operate, request, answer)) return false;
    if (route != NULL) return has_sound_head(route, request, answer);
    if (other == NULL) return true;
    bool get = strcmp(other->method, "GET") == 0;
    if (http_slice_equals(request->method, "OPTIONS")) {
        answer->status = 204;
    } else {
        refuse(answer, 405, "method_not_allowed", "this route has another method: see Allow");
    }
    http_answer_header(answer, "Allow", get ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
    return false;
}
