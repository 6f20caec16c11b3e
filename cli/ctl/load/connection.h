/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that is kept for many requests, one after the other. */
#ifndef CLI_CTL_LOAD_CONNECTION_H
#define CLI_CTL_LOAD_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/string_buffer.h"

struct connection {
    const char *server; /* as listener_connect reads it */
    int descriptor;     /* -1: none is open */
    struct string_buffer in;
};

void connection_init(struct connection *connection, const char *server);
void connection_finish(struct connection *connection);

/* Sends a whole request and reads its answer: the status, or -1 with an error where there was none.
 * Connects where it has to; an answer without Content-Length is none. */
int connection_call(struct connection *connection, const struct string_buffer *request,
                    double seconds, struct error *error);

/* What an answer's head says; for connection_call and its tests. */
struct connection_head {
    int status;
    size_t length; /* bytes of the head, its empty line included */
    size_t body;   /* Content-Length */
    bool closes;
};

/* 1: *head is filled; 0: more bytes are needed; -1: it is no head of an answer. */
int connection_read_head(const char *bytes, size_t length, struct connection_head *head);

#endif
