/* SPDX-License-Identifier: Apache-2.0 */
/* GET /readyz at the first --listen. */
#include "serve/process/probe.h"

#include <stdio.h>
#include <string.h>

#include "common/message.h"
#include "http/client.h"
#include "serve/process/lifecycle.h"

enum { PROBE_SECONDS = 5 };

/* Every address is reached by the loopback. */
static void reachable(const char *address, char *to, size_t capacity) {
    const char *port = address;
    if (strncmp(address, "0.0.0.0:", 8) == 0) port = address + 7;
    if (strncmp(address, "[::]:", 5) == 0) port = address + 4;
    snprintf(to, capacity, "%s%s", port[0] == ':' ? "127.0.0.1" : "", port);
}

/* Line ends and what indents the next line become one blank, or nothing at the end; inside JSON's
 * strings there are none. */
static void make_line(struct string_buffer *body) {
    size_t to = 0;
    for (size_t i = 0; i < body->length;) {
        size_t begin = i;
        while (i < body->length && strchr(" \r\n\t", body->bytes[i]) != NULL) i++;
        bool has_end = memchr(body->bytes + begin, '\n', i - begin) != NULL;
        if (i == begin) {
            body->bytes[to++] = body->bytes[i++];
        } else if (!has_end) {
            memmove(body->bytes + to, body->bytes + begin, i - begin);
            to += i - begin;
        } else if (to > 0 && i < body->length) {
            body->bytes[to++] = ' ';
        }
    }
    body->length = to;
}

int probe_run(const struct settings *settings) {
    char address[256];
    struct http_reply reply = {0};
    struct error error;
    reachable(settings->listen[0], address, sizeof address);
    const struct http_call call = {
        .server = address, .method = "GET", .target = "/readyz", .seconds = PROBE_SECONDS};
    bool answered = http_client_call(&call, &reply, &error);
    if (!answered) {
        message_print("%s: %s", address, error.line);
    } else {
        make_line(&reply.body);
        message_print("%s: status %d: %.*s", address, reply.status, (int)reply.body.length,
                      reply.body.length > 0 ? reply.body.bytes : "");
    }
    bool ready = answered && reply.status == 200;
    http_reply_finish(&reply);
    return ready ? LIFECYCLE_ENDED : LIFECYCLE_NOT_READY;
}
