/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of both sides: those of the settings, or those that the service manager handed over.
 */
#ifndef CLI_SERVE_PROCESS_LISTENING_H
#define CLI_SERVE_PROCESS_LISTENING_H

#include <stdbool.h>

#include "common/error.h"
#include "http/server.h"
#include "serve/settings.h"

enum { LISTENING_MOST = SETTINGS_LISTENERS + 1 };

/* Zeroed at first. */
struct listening {
    const char *addresses[LISTENING_MOST]; /* of those that were opened here */
    unsigned count;
    bool operates; /* there is an operating side */
};

/* Opens them, hands them to the server, and says each on standard error: "listening on
 * 127.0.0.1:8080". A socket that was handed over with the name "operate" takes the place of
 * --operate, the others that of --listen. False with an error. */
bool listening_open(struct listening *listening, struct http_server *server,
                    const struct settings *settings, struct error *error);

/* Removes the files of Unix sockets. After the server's end. */
void listening_close(struct listening *listening);

#endif
