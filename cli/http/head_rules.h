/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP/1.1 asks of a request's headers and target, and a parser lets pass. */
#ifndef CLI_HTTP_HEAD_RULES_H
#define CLI_HTTP_HEAD_RULES_H

#include <stdbool.h>

#include "http/exchange.h"
#include "http/parser.h"

/* Judges a head whose method, target and headers stand in `request` already, and fills in path,
 * query and content_length. *expects: the client waits for "100 Continue". */
bool head_rules_apply(struct http_request *request, const struct parser_head *head, int minor,
                      bool *expects, struct refusal *why);

#endif
