/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a head that could be parsed: one Host, one length, no coding, a target of a form that the
 * method has. Where a doubt could make two servers see two requests, the request is refused. */
#include "http/head_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { NAME_MOST = 255 };

static size_t count_headers(const struct http_request *request, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        count += http_slice_equals_nocase(request->headers[i].name, name);
    }
    return count;
}

static bool check_names(const struct http_request *request, struct refusal *why) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (!head_scan_is_token(request->headers[i].name)) {
            return refusal_set(why, 400, "bad_header",
                               "a header's name is empty, or holds what no name may");
        }
    }
    return true;
}

/* ---- Host ------------------------------------------------------------------------------------ */

static bool is_letter_or_digit(char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

static bool is_all(struct http_slice text, const char *besides) {
    for (size_t i = 0; i < text.length; i++) {
        bool sound = is_letter_or_digit(text.at[i]) ||
                     (text.at[i] != '\0' && strchr(besides, text.at[i]) != NULL);
        if (!sound) return false;
    }
    return true;
}

static bool is_port(struct http_slice text) {
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
    }
    return text.length < 5 || (text.length == 5 && memcmp(text.at, "65535", 5) <= 0);
}

/* Labels with a point between two of them, and maybe one behind the last. An underscore is in no
 * name of a host, but in many of services. */
static bool is_name(struct http_slice text) {
    if (text.length == 0 || text.length > NAME_MOST || !is_all(text, "-._")) return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '.' && (i == 0 || text.at[i - 1] == '.')) return false;
    }
    return true;
}

static bool is_address(struct http_slice text) {
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (text.length >= sizeof copy || memchr(text.at, '\0', text.length) != NULL) return false;
    memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* A name or address, and maybe a port: "localhost", "10.0.0.1:8080", "[::1]:8080". */
static bool is_authority(struct http_slice text) {
    if (text.length == 0) return false;
    const char *end = text.at + text.length;
    const char *host_end;
    bool sound;
    if (text.at[0] == '[') {
        const char *bracket = memchr(text.at, ']', text.length);
        if (bracket == NULL) return false;
        struct http_slice inside = {text.at + 1, (size_t)(bracket - text.at - 1)};
        sound = is_address(inside);
        host_end = bracket + 1;
    } else {
        const char *colon = memchr(text.at, ':', text.length);
        host_end = colon != NULL ? colon : end;
        sound = is_name((struct http_slice){text.at, (size_t)(host_end - text.at)});
    }
    if (!sound || host_end == end) return sound;
    return *host_end == ':' &&
           is_port((struct http_slice){host_end + 1, (size_t)(end - host_end - 1)});
}

static bool check_host(const struct http_request *request, int minor, struct refusal *why) {
    size_t count = count_headers(request, "Host");
    if (count == 0 && minor == 0) return true;
    if (count != 1) {
        return refusal_set(why, 400, "bad_host", "a request has one Host header, and one only");
    }
    if (!is_authority(http_request_header(request, "Host"))) {
        return refusal_set(why, 400, "bad_host", "Host is not a name or address with a port");
    }
    return true;
}

/* ---- the target ------------------------------------------------------------------------------ */

static bool begins(struct http_slice text, const char *with) {
    size_t length = strlen(with);
    return text.length >= length && strncasecmp(text.at, with, length) == 0;
}

static void split_query(struct http_request *request, struct http_slice from) {
    const char *mark = from.length > 0 ? memchr(from.at, '?', from.length) : NULL;
    request->path = from;
    request->query = (struct http_slice){from.at + from.length, 0};
    if (mark == NULL) return;
    request->path.length = (size_t)(mark - from.at);
    request->query.at = mark + 1;
    request->query.length = from.length - request->path.length - 1;
}

/* "http://host:port/path?query", as it is sent to a proxy. */
static bool read_absolute(struct http_request *request, size_t scheme, struct refusal *why) {
    struct http_slice rest = {request->target.at + scheme, request->target.length - scheme};
    size_t length = 0;
    while (length < rest.length && rest.at[length] != '/' && rest.at[length] != '?') length++;
    struct http_slice authority = {rest.at, length};
    struct http_slice host = http_request_header(request, "Host");
    bool same = host.at == NULL ||
                (host.length == length && strncasecmp(host.at, authority.at, length) == 0);
    if (!is_authority(authority) || !same) {
        return refusal_set(why, 400, "bad_host", "the target names another host than Host does");
    }
    split_query(request, (struct http_slice){rest.at + length, rest.length - length});
    if (request->path.length == 0) request->path = (struct http_slice){"/", 1};
    return true;
}

static bool check_target(struct http_request *request, struct refusal *why) {
    struct http_slice target = request->target;
    if (memchr(target.at, '#', target.length) != NULL) {
        return refusal_set(why, 400, "bad_target", "a target has no fragment (#)");
    }
    if (target.at[0] == '/') {
        split_query(request, target);
        return true;
    }
    if (http_slice_equals(target, "*") && http_slice_equals(request->method, "OPTIONS")) {
        split_query(request, target);
        return true;
    }
    if (begins(target, "http://")) return read_absolute(request, 7, why);
    if (begins(target, "https://")) return read_absolute(request, 8, why);
    return refusal_set(why, 400, "bad_target", "a target begins with /");
}

static bool check_method(const struct http_request *request, struct refusal *why) {
    if (!http_slice_equals(request->method, "CONNECT")) return true;
    return refusal_set(why, 501, "bad_method", "CONNECT is for proxies");
}

/* ---- the body -------------------------------------------------------------------------------- */

/* At most 18 digits: far more than fits anywhere, and no number of them overflows. */
static bool read_length(struct http_slice text, uint64_t *length) {
    *length = 0;
    if (text.length == 0) return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || *length >= 100000000000000000u) return false;
        *length = *length * 10 + (uint64_t)(text.at[i] - '0');
    }
    return true;
}

static bool needs_length(const struct http_request *request) {
    return http_slice_equals(request->method, "POST") ||
           http_slice_equals(request->method, "PUT") || http_slice_equals(request->method, "PATCH");
}

static bool check_length(struct http_request *request, const struct parser_head *head,
                         struct refusal *why) {
    size_t count = count_headers(request, "Content-Length");
    request->content_length = 0;
    if (count == 0 && !head->has_length) {
        if (!needs_length(request)) return true;
        return refusal_set(why, 411, "length_required", "send a Content-Length");
    }
    if (count != 1 ||
        !read_length(http_request_header(request, "Content-Length"), &request->content_length) ||
        !head->has_length || head->length != request->content_length) {
        return refusal_set(why, 400, "bad_content_length",
                           "Content-Length is not one number in decimal digits");
    }
    return true;
}

/* HTTP/1.0 does not know it, and it is left unread there. */
static bool check_expectation(const struct http_request *request, int minor, bool *expects,
                              struct refusal *why) {
    *expects = false;
    for (size_t i = 0; i < request->header_count && minor > 0; i++) {
        if (!http_slice_equals_nocase(request->headers[i].name, "Expect")) continue;
        *expects = http_slice_equals_nocase(request->headers[i].value, "100-continue");
        if (!*expects) {
            return refusal_set(why, 417, "bad_expectation", "only 100-continue can be expected");
        }
    }
    return true;
}

bool head_rules_apply(struct http_request *request, const struct parser_head *head, int minor,
                      bool *expects, struct refusal *why) {
    if (count_headers(request, "Transfer-Encoding") > 0) {
        return refusal_set(why, 501, "transfer_encoding",
                           "a Transfer-Encoding is not understood here: send a Content-Length");
    }
    return check_method(request, why) && check_names(request, why) &&
           check_host(request, minor, why) && check_target(request, why) &&
           check_length(request, head, why) && check_expectation(request, minor, expects, why);
}
