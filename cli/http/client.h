/* SPDX-License-Identifier: Apache-2.0 */
/* A client for our own servers: one request, one answer, in the calling thread. */
#ifndef CLI_HTTP_CLIENT_H
#define CLI_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/string_buffer.h"

struct http_call {
    const char *server; /* as listener_connect reads it; "http://HOST:PORT" too */
    const char *method;
    const char *target;
    const char *token;        /* NULL: none; else "Authorization: Bearer …" */
    const char *if_match;     /* NULL: none */
    const char *content_type; /* NULL: no body */
    const char *body;
    size_t body_length;
    double seconds; /* at most, for all of it; 0: as long as it takes */
};

struct http_reply {
    int status;
    struct string_buffer head; /* its lines */
    struct string_buffer body; /* at most 256 MiB */
};

/* False with an error if no answer came; an answer of any status is true. The reply is the caller's
 * to finish in both cases. A signal ends the wait (common/interrupt.h). */
bool http_client_call(const struct http_call *call, struct http_reply *reply, struct error *error);

/* The value of a header, into `to`; false: absent. */
bool http_reply_header(const struct http_reply *reply, const char *name, char *to, size_t capacity);
void http_reply_finish(struct http_reply *reply);

#endif
