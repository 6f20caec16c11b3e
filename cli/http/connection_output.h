/* SPDX-License-Identifier: Apache-2.0 */
/* The answering half of a connection: heads, pieces that go out, and the end of exchanges. */
#ifndef CLI_HTTP_CONNECTION_OUTPUT_H
#define CLI_HTTP_CONNECTION_OUTPUT_H

#include "http/connection.h"

/* The exchange was answered: its head and body become pieces. */
void connection_output_answer(struct connection *connection);

/* The streamed exchange may have something to send, or have ended. */
void connection_output_stream(struct connection *connection);

/* The answer is out: the next request, or the end of the connection. */
void connection_output_end(struct connection *connection);

void connection_output_continue(struct connection *connection); /* "100 Continue" */

/* Answers in the program's place, and reads nothing further. */
void connection_output_refuse(struct connection *connection, const struct refusal *why,
                              int retry_after);

/* The connection and the exchange part: the client left. */
void connection_output_abandon(struct connection *connection);

/* Nobody waits for the answer. */
void connection_output_orphan(struct connection_host *host, struct http_exchange *exchange);

/* Closes after a last answer: what still comes is dropped for a while. */
void connection_output_linger(struct connection *connection);

#endif
