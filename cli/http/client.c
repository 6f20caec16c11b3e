/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its reply over a connection of its own. */
#include "http/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/interrupt.h"
#include "http/listener.h"
#include "http/parser.h"

/* One call on its way. */
struct passage {
    const struct http_call *call;
    struct error *error;
    char server[512]; /* without http:// and what follows the port */
    int descriptor;
    uint64_t deadline;
};

/* ---- waiting --------------------------------------------------------------------------------- */

static bool fail(struct passage *passage, const char *what) {
    return error_set(passage->error, "%s: %s", passage->call->server, what);
}

/* False: the time is up, or a signal came. */
static bool await(struct passage *passage, short events) {
    for (;;) {
        struct pollfd watched[2] = {{.fd = passage->descriptor, .events = events},
                                    {.fd = interrupt_descriptor(), .events = POLLIN}};
        uint64_t now = clock_nanoseconds();
        if (now >= passage->deadline) return fail(passage, "no answer came in time");
        uint64_t left = (passage->deadline - now + 999999) / 1000000;
        poll(watched, 2, left < INT_MAX ? (int)left : INT_MAX);
        if (interrupt_stopping()) {
            passage->error->line[0] = '\0';
            return false;
        }
        if (watched[0].revents != 0) return true;
    }
}

/* ---- the request ----------------------------------------------------------------------------- */

/* A control in what becomes a line would begin another one. */
static bool is_printable(const char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) return false;
    }
    return true;
}

static bool check_call(struct passage *passage) {
    const struct http_call *call = passage->call;
    const char *lines[] = {call->token, call->if_match, call->content_type, passage->server};
    bool sound = call->method[0] != '\0' && call->target[0] == '/';
    sound = sound && is_printable(call->method) && is_printable(call->target);
    sound = sound && strpbrk(call->method, " ") == NULL && strpbrk(call->target, " #") == NULL;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        sound = sound && (lines[i] == NULL || is_printable(lines[i]));
    }
    return sound || fail(passage, "the request holds characters that cannot be sent");
}

static void add_line(struct string_buffer *head, const char *name, const char *value) {
    if (value != NULL) string_buffer_format(head, "%s%s\r\n", name, value);
}

static void write_head(const struct passage *passage, struct string_buffer *head) {
    const struct http_call *call = passage->call;
    const char *server = passage->server;
    bool by_port = server[0] != ':' && strncmp(server, "unix:", 5) != 0;
    string_buffer_format(head, "%s %s HTTP/1.1\r\n", call->method, call->target);
    string_buffer_format(head, "Host: %s%s\r\n", server[0] == ':' ? "localhost" : "",
                         by_port || server[0] == ':' ? server : "localhost");
    add_line(head, "Authorization: Bearer ", call->token);
    add_line(head, "If-Match: ", call->if_match);
    add_line(head, "Content-Type: ", call->content_type);
    if (call->content_type != NULL || call->body_length > 0 || strcmp(call->method, "POST") == 0) {
        string_buffer_format(head, "Content-Length: %zu\r\n", call->body_length);
    }
    string_buffer_put(head, "Connection: close\r\n\r\n");
}

/* Sends as much as the server takes. False: it is gone, or too slow; what it said before it went
 * can still be read, so *gone is no failure yet. */
static bool send_all(struct passage *passage, const char *bytes, size_t length, bool *gone) {
    while (length > 0 && !*gone) {
        ssize_t sent = send(passage->descriptor, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!await(passage, POLLOUT)) return false;
        } else if (errno != EINTR) {
            *gone = true;
        }
    }
    return true;
}

static bool send_request(struct passage *passage) {
    struct string_buffer head = {0};
    bool gone = false;
    write_head(passage, &head);
    bool sound = send_all(passage, head.bytes, head.length, &gone) &&
                 send_all(passage, passage->call->body, passage->call->body_length, &gone);
    string_buffer_finish(&head);
    return sound;
}

/* ---- the reply ------------------------------------------------------------------------------- */

static bool judge(struct passage *passage, enum parser_result result, bool ended) {
    if (result == PARSER_COMPLETE) return true;
    if (result == PARSER_TOO_LARGE) return fail(passage, "the answer is larger than 256 MiB");
    if (ended) return fail(passage, "the server closed the connection before its answer was whole");
    return fail(passage, "the answer is no HTTP/1.1: is it the right port?");
}

static bool receive(struct passage *passage, struct parser_reply *parser) {
    char bytes[8192];
    for (;;) {
        ssize_t count = recv(passage->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
        bool must_wait = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        if (must_wait && !await(passage, POLLIN)) return false;
        if (must_wait || (count < 0 && errno == EINTR)) continue;
        if (count < 0) return fail(passage, strerror(errno));
        if (count == 0) return judge(passage, parser_reply_end(parser), true);
        enum parser_result result = parser_reply_feed(parser, bytes, (size_t)count);
        if (result != PARSER_MORE) return judge(passage, result, false);
    }
}

static bool receive_reply(struct passage *passage, struct http_reply *reply) {
    bool is_head = strcmp(passage->call->method, "HEAD") == 0;
    struct parser_reply *parser = parser_reply_create(reply, is_head);
    if (parser == NULL) return fail(passage, "out of memory");
    bool received = receive(passage, parser);
    parser_reply_destroy(parser);
    return received;
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* "http://HOST:PORT/" is HOST:PORT; without a port it is 80. */
static bool read_server(struct passage *passage) {
    const char *server = passage->call->server;
    bool is_url = strncasecmp(server, "http://", 7) == 0;
    if (strncasecmp(server, "https://", 8) == 0) {
        return fail(passage, "TLS is not spoken here: ask a proxy that does, by http");
    }
    if (is_url) server += 7;
    size_t length = is_url ? strcspn(server, "/") : strlen(server);
    bool bare = is_url && memchr(server, ':', length) == NULL;
    if (is_url && server[length] == '/' && server[length + 1] != '\0') {
        return fail(passage, "give the server without a path");
    }
    if (length + 4 > sizeof passage->server) return fail(passage, "the address is too long");
    snprintf(passage->server, sizeof passage->server, "%.*s%s", (int)length, server,
             bare ? ":80" : "");
    return true;
}

bool http_client_call(const struct http_call *call, struct http_reply *reply, struct error *error) {
    struct passage passage = {.call = call, .error = error, .deadline = UINT64_MAX};
    memset(reply, 0, sizeof *reply);
    if (call->seconds > 0 && call->seconds < 1e9) {
        passage.deadline = clock_nanoseconds() + (uint64_t)(call->seconds * 1e9);
    }
    if (!read_server(&passage) || !check_call(&passage)) return false;
    passage.descriptor = listener_connect(passage.server, call->seconds, error);
    if (passage.descriptor < 0) return false;
    bool answered = send_request(&passage) && receive_reply(&passage, reply);
    close(passage.descriptor);
    return answered;
}

bool http_reply_header(const struct http_reply *reply, const char *name, char *to,
                       size_t capacity) {
    size_t length = strlen(name);
    const char *line = reply->head.length > 0 ? reply->head.bytes : "";
    for (const char *end; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
        if ((size_t)(end - line) < length + 2 || strncasecmp(line, name, length) != 0) continue;
        if (line[length] != ':') continue;
        int value = (int)(end - line - (ptrdiff_t)length - 2);
        snprintf(to, capacity, "%.*s", value, line + length + 2);
        return true;
    }
    return false;
}

void http_reply_finish(struct http_reply *reply) {
    string_buffer_finish(&reply->head);
    string_buffer_finish(&reply->body);
}
