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
        size_t length = reply.body.length;
        message_print("%s: status %d: %.*s", address, reply.status,
                      length > 0 && reply.body.bytes[length - 1] == '\n' ? (int)length - 1
                                                                         : (int)length,
                      length > 0 ? reply.body.bytes : "");
    }
    bool ready = answered && reply.status == 200;
    http_reply_finish(&reply);
    return ready ? LIFECYCLE_ENDED : LIFECYCLE_NOT_READY;
}
