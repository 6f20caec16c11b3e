/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of a server: accepting, reading, sending, closing, and who is too slow. */
#ifndef CLI_HTTP_LOOP_CLIENTS_H
#define CLI_HTTP_LOOP_CLIENTS_H

#include "http/loop/loop.h"

/* A listener's on_events. */
void clients_accept(struct http_server *server, struct loop_source *source, uint32_t events);

/* What other threads have answered or written. */
void clients_move(struct http_server *server);

/* Those whose time is up. */
void clients_expire(struct http_server *server);

/* Reads once more what came before, and closes those of whom there is no request. */
void clients_end_idle(struct http_server *server);

void clients_cut_all(struct http_server *server);

/* Frees the closed ones, which events of this turn may have pointed at. */
void clients_bury(struct http_server *server);

#endif
