/* SPDX-License-Identifier: Apache-2.0 */
/* From a request's method and path to what answers it. */
#ifndef CLI_SERVE_ROUTER_H
#define CLI_SERVE_ROUTER_H

#include "common/random.h"
#include "http/server.h"
#include "serve/access_log.h"
#include "serve/operate/operate.h"
#include "serve/service.h"
#include "serve/tasks.h"

/* The number of a listener (http_server_listen). */
enum { ROUTER_DATA = 0, ROUTER_OPERATE = 1 };

enum {
    ROUTER_OPERATIONS = 32,            /* requests of the operating side at once */
    ROUTER_CONNECTIONS = 64,           /* its own, whatever clients of scores hold */
    ROUTER_BODIES = 128 * 1024 * 1024, /* bytes of its own: one of the largest, and more */
};

struct router {
    struct service *service;
    struct access_log *log; /* NULL: none yet */
    struct tasks streams, operations;
    struct random random; /* of span ids */
};

void router_init(struct router *router, struct service *service);

/* Waits for its threads. */
void router_finish(struct router *router);

/* The callbacks that http_server_create takes. */
struct http_handler router_handler(struct router *router);

#endif
