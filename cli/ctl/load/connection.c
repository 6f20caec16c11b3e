/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers over one socket, for the load test. */
#include "ctl/load/connection.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "http/listener.h"

enum { HEAD_MOST = 65536, BODY_MOST = 16 * 1024 * 1024, PIECE = 65536 };

void connection_init(struct connection *connection, const char *server) {
    *connection = (struct connection){.server = server, .descriptor = -1};
}

static void disconnect(struct connection *connection) {
    if (connection->descriptor >= 0) close(connection->descriptor);
    connection->descriptor = -1;
    string_buffer_clear(&connection->in);
}

void connection_finish(struct connection *connection) {
    disconnect(connection);
    string_buffer_finish(&connection->in);
}

/* ---- the head of an answer ------------------------------------------------------------------- */

static bool has_name(const char *line, const char *end, const char *name) {
    size_t length = strlen(name);
    return (size_t)(end - line) > length && strncasecmp(line, name, length) == 0;
}

static bool read_length(const char *at, const char *end, size_t *to) {
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    if (at == end || !isdigit((unsigned char)*at)) return false;
    for (*to = 0; at < end && isdigit((unsigned char)*at); at++) {
        *to = *to * 10 + (size_t)(*at - '0');
        if (*to > BODY_MOST) return false;
    }
    return true;
}

int connection_read_head(const char *bytes, size_t length, struct connection_head *head) {
    const char *end = length >= 4 ? memmem(bytes, length, "\r\n\r\n", 4) : NULL;
    bool known = false;
    if (end == NULL) return length > HEAD_MOST ? -1 : 0;
    if (end - bytes < 12 || strncmp(bytes, "HTTP/1.1 ", 9) != 0) return -1;
    *head = (struct connection_head){.length = (size_t)(end - bytes) + 4};
    for (int i = 9; i < 12; i++) {
        if (!isdigit((unsigned char)bytes[i])) return -1;
        head->status = head->status * 10 + (bytes[i] - '0');
    }
    const char *line = memmem(bytes, head->length, "\r\n", 2);
    while (line != NULL && line < end) {
        line += 2;
        const char *next = memmem(line, (size_t)(bytes + head->length - line), "\r\n", 2);
        if (has_name(line, next, "Content-Length:")) {
            known = read_length(line + strlen("Content-Length:"), next, &head->body);
        } else if (has_name(line, next, "Connection:")) {
            head->closes = memmem(line, (size_t)(next - line), "close", 5) != NULL;
        }
        line = next;
    }
    return known ? 1 : -1;
}

/* ---- a call ---------------------------------------------------------------------------------- */

static bool open_socket(struct connection *connection, double seconds, struct error *error) {
    connection->descriptor = listener_connect(connection->server, seconds, error);
    if (connection->descriptor < 0) return false;
    struct timeval most = {.tv_sec = (time_t)seconds};
    most.tv_usec = (suseconds_t)((seconds - (double)most.tv_sec) * 1e6);
    setsockopt(connection->descriptor, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    setsockopt(connection->descriptor, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    return true;
}

static bool send_all(const struct connection *connection, const struct string_buffer *request) {
    for (size_t sent = 0; sent < request->length;) {
        ssize_t part = send(connection->descriptor, request->bytes + sent, request->length - sent,
                            MSG_NOSIGNAL);
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) return false;
        sent += (size_t)part;
    }
    return true;
}

static bool receive(struct connection *connection) {
    char piece[PIECE];
    ssize_t got;
    do {
        got = recv(connection->descriptor, piece, sizeof piece, 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    string_buffer_add(&connection->in, piece, (size_t)got);
    return true;
}

static int read_answer(struct connection *connection) {
    struct connection_head head;
    int found;
    string_buffer_clear(&connection->in);
    do {
        if (!receive(connection)) return -1;
        found = connection_read_head(connection->in.bytes, connection->in.length, &head);
    } while (found == 0);
    if (found < 0) return -1;
    while (connection->in.length < head.length + head.body) {
        if (!receive(connection)) return -1;
    }
    if (head.closes) disconnect(connection);
    return head.status;
}

int connection_call(struct connection *connection, const struct string_buffer *request,
                    double seconds, struct error *error) {
    if (connection->descriptor < 0 && !open_socket(connection, seconds, error)) return -1;
    int status = send_all(connection, request) ? read_answer(connection) : -1;
    if (status >= 0) return status;
    bool late = errno == EAGAIN || errno == EWOULDBLOCK;
    disconnect(connection);
    error_set(error, "%s: %s", connection->server,
              late ? "no answer came in time" : "the connection was closed without an answer");
    return -1;
}
