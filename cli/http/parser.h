/* SPDX-License-Identifier: Apache-2.0 */
/* llhttp, the parser of Node.js: heads of requests, and whole replies. Nobody else knows its
 * header.
 */
#ifndef CLI_HTTP_PARSER_H
#define CLI_HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "http/client.h"
#include "http/exchange.h"
#include "http/head_scan.h"

struct parser_head {
    struct http_header *headers; /* the caller's, with room for `capacity` */
    size_t count, capacity;
    struct http_slice target;
    bool keep_alive; /* what version and Connection say together */
    bool has_coding; /* a Transfer-Encoding came: the head is refused */
    bool has_length; /* a Content-Length came */
    uint64_t length; /* and what it says */
};

/* Reads a complete head that head_scan found sound. The slices lie in it. */
bool parser_read_head(struct http_slice bytes, struct parser_head *head, struct refusal *why);

/* Reads a reply piece by piece. */
struct parser_reply;

/* NULL: no memory. `reply` is filled in; `is_head`: no body follows. */
struct parser_reply *parser_reply_create(struct http_reply *reply, bool is_head);
void parser_reply_destroy(struct parser_reply *parser);

enum parser_result { PARSER_MORE, PARSER_COMPLETE, PARSER_BROKEN, PARSER_TOO_LARGE };

enum parser_result parser_reply_feed(struct parser_reply *parser, const char *bytes, size_t length);
/* The connection has ended. */
enum parser_result parser_reply_end(struct parser_reply *parser);

#endif
