/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of one request from its head to its end: for the queue, the log and the metrics. */
#ifndef CLI_SERVE_RECORD_H
#define CLI_SERVE_RECORD_H

#include <stdint.h>

#include "http/exchange.h"
#include "serve/data/data_route.h"
#include "serve/trace_context.h"

/* http_exchange_data of every exchange. Made in the loop's thread with the head, freed there when
 * the exchange is over; whoever answers may write it until then, and not afterwards. */
struct record {
    struct http_exchange *exchange;
    const char *route; /* static, as metrics name it; "": no route matched */
    struct trace_context trace;
    /* a request for scores */
    const struct data_route *data; /* NULL: another route */
    struct record *next;           /* in the queue */
    uint64_t queued, taken;        /* clock_nanoseconds(); 0: it was not */
    uint64_t deadline;             /* 0: none */
    char model[64], version[64];   /* of the path */
    /* what came of it */
    uint64_t pairs;
    uint64_t generation; /* 0: no model answered */
    int32_t slot;
    char model_version[64];
    const char *code; /* of the error; static; NULL: none */
};

static inline struct record *record_of(struct http_exchange *exchange) {
    return http_exchange_data(exchange);
}

#endif
