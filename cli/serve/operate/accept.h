/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask the operating side for what, decided by the head of a request. */
#ifndef CLI_SERVE_OPERATE_ACCEPT_H
#define CLI_SERVE_OPERATE_ACCEPT_H

#include "serve/operate/route.h"

enum accept_kind {
    ACCEPT_OPEN,    /* needs no token: the console's page, which holds no secret */
    ACCEPT_READS,   /* has no body */
    ACCEPT_ASKS,    /* JSON, changes nothing */
    ACCEPT_CHANGES, /* JSON, with If-Match */
    ACCEPT_FOREIGN  /* as clients of Triton's repository have it: no If-Match, maybe no type */
};

enum { ACCEPT_PARAMETERS = 3 };

struct accept_route {
    const char *method, *path;
    route_handler *handle;
    enum accept_kind kind;
    const char *parameters[ACCEPT_PARAMETERS]; /* that its query may have; NULL after the last */
};

/* The route of a request. NULL: none with this method; *other is then one with another method, or
 * NULL. */
const struct accept_route *accept_find(const struct http_request *request,
                                       const struct accept_route **other);

/* Whether a Host header names this machine's loopback, with or without a port. */
bool accept_is_loopback(struct http_slice host);

/* Whether an Origin header is "http://" and this Host. */
bool accept_is_same_origin(struct http_slice origin, struct http_slice host);

/* Whether "Bearer TOKEN" holds this token; takes as long for any wrong token of a length. */
bool accept_is_token(struct http_slice authorization, const char *token);

/* Whether a list of If-Match holds this state's name, or is a star. Quotes may be left out. */
bool accept_matches(struct http_slice list, const char *etag);

#endif
