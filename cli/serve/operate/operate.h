/* SPDX-License-Identifier: Apache-2.0 */
/* The operating side: loads, comparisons, swaps and all that changes which model answers. */
#ifndef CLI_SERVE_OPERATE_OPERATE_H
#define CLI_SERVE_OPERATE_OPERATE_H

#include <stdbool.h>

#include "common/error.h"
#include "http/exchange.h"

struct service;
struct settings;

/* Loads, comparisons and gates at once, and the bytes of a body from which on any request counts as
 * one of these. All others find a thread whatever these do. */
enum { OPERATE_LONG = 8, OPERATE_SHORT = 64 * 1024 };
#define OPERATE_TOO_MANY "as many loads, comparisons and gates run as the server takes"

/* Sets service->operate. Reads the token of --operate-token-file, without which an address of TCP
 * is refused. Call once service->engine and service->settings are there. */
bool operate_open(struct service *service, const struct settings *settings, struct error *error);

/* No operate_handle may be running. service->operate becomes NULL. */
void operate_close(struct service *service);

/* Whether a path is answered by operate_handle. All others (/metrics, /health …) are those of the
 * data side. */
bool operate_has(struct http_slice path);

/* To be asked in the head callback for everything that comes by the operating listener: token,
 * Host, Origin, and for its own paths Content-Type, If-Match and the size of the body. False: the
 * answer is the refusal, or that to OPTIONS. Loop's thread. */
bool operate_accepts(const struct service *service, const struct http_request *request,
                     struct http_answer *answer);

/* Takes a place for a request that will take long; a short one needs none. False: all are taken.
 * operate_handle gives it back, or, where that is not called, operate_forego. */
bool operate_begin(struct service *service, const struct http_request *request);
void operate_forego(struct service *service, const struct http_request *request);

/* After operate_begin: answers a request that was accepted, and whose path operate_has, once its
 * body is there. Blocks for as long as a load or a comparison takes: in a thread of its own. */
void operate_handle(struct service *service, struct http_exchange *exchange);

/* Every 100 ms in the loop's thread (http_server_every): cancels what a client that left, or the
 * end of the server, has made useless; and once a second adds to the history. */
void operate_tick(void *service);

#endif
