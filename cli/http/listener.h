/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets by their names: "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses), "unix:/PATH". */
#ifndef CLI_HTTP_LISTENER_H
#define CLI_HTTP_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* Opens a listening socket, non-blocking, closed on exec. A Unix socket that nobody listens at any
 * more is replaced; `mode` is its file's. -1 with an error. */
int listener_open(const char *address, unsigned mode, struct error *error);

/* The same for a client; blocking, at most `seconds`. -1 with an error. */
int listener_connect(const char *address, double seconds, struct error *error);

/* The address that a listening socket has: port 0 is the one it got. */
void listener_name(int descriptor, char *to, size_t capacity);

/* Whether it is a Unix socket or an address of the loopback. */
bool listener_is_local(const char *address);

/* Closes the socket, unless it is -1 because the server took it over and has closed it; and removes
 * the file of a Unix socket that nobody listens at. */
void listener_close(int descriptor, const char *address);

#endif
