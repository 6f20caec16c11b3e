/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses → sockets → the server. */
#include "serve/process/listening.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "common/message.h"
#include "http/listener.h"
#include "serve/process/systemd.h"
#include "serve/router.h"

static const char *const sides[] = {
    [ROUTER_DATA] = "listening on", [ROUTER_OPERATE] = "operating side at"};

static bool hand_over(struct http_server *server, int descriptor, int side, struct error *error) {
    char name[256];
    listener_name(descriptor, name, sizeof name);
    if (!http_server_listen(server, descriptor, side, error)) return false;
    message_print("%s %s", sides[side], name);
    return true;
}

static bool open_one(struct listening *listening, struct http_server *server, const char *address,
                     unsigned mode, int side, struct error *error) {
    int descriptor = listener_open(address, mode, error);
    if (descriptor < 0) return false;
    listening->addresses[listening->count++] = address;
    return hand_over(server, descriptor, side, error);
}

static bool is_unix(int descriptor) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    return getsockname(descriptor, (struct sockaddr *)&address, &length) == 0 &&
           address.ss_family == AF_UNIX;
}

static bool take_handed(struct http_server *server, unsigned count, bool has_token, bool handed[2],
                        struct error *error) {
    for (unsigned i = 0; i < count; i++) {
        int descriptor = (int)(SYSTEMD_FIRST_SOCKET + i);
        int side = systemd_socket_is(i, "operate") ? ROUTER_OPERATE : ROUTER_DATA;
        int flags = fcntl(descriptor, F_GETFL);
        if (flags >= 0) fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
        if (side == ROUTER_OPERATE && !has_token && !is_unix(descriptor)) {
            return error_set(error,
                             "the socket \"operate\" that was handed over is a port: it needs "
                             "--operate-token-file FILE");
        }
        if (!hand_over(server, descriptor, side, error)) return false;
        handed[side] = true;
    }
    return true;
}

bool listening_open(struct listening *listening, struct http_server *server,
                    const struct settings *settings, struct error *error) {
    bool handed[2] = {false, false};
    bool has_token = settings->operate_token_file != NULL;
    if (!take_handed(server, systemd_sockets(), has_token, handed, error)) return false;
    for (size_t i = 0; !handed[ROUTER_DATA] && settings->listen[i] != NULL; i++) {
        if (!open_one(listening, server, settings->listen[i], 0666, ROUTER_DATA, error)) {
            return false;
        }
    }
    listening->operates = handed[ROUTER_OPERATE] || settings->operate != NULL;
    if (handed[ROUTER_OPERATE]) return true;
    if (settings->operate != NULL) {
        return open_one(listening, server, settings->operate, settings->operate_mode,
                        ROUTER_OPERATE, error);
    }
    return true;
}

void listening_close(struct listening *listening) {
    for (unsigned i = 0; i < listening->count; i++) listener_close(-1, listening->addresses[i]);
    listening->count = 0;
}
