/* SPDX-License-Identifier: Apache-2.0 */
/* W3C trace context, level 1: which trace a request belongs to, and our span in it. */
#ifndef CLI_SERVE_TRACE_CONTEXT_H
#define CLI_SERVE_TRACE_CONTEXT_H

#include <stdbool.h>

#include "common/random.h"
#include "http/slice.h"

enum { TRACE_PARENT_LENGTH = 55 };

/* Hexadecimal, NUL-terminated. */
struct trace_context {
    char trace_id[33];
    char parent_id[17]; /* the caller's span; "": the trace begins here */
    char span_id[17];   /* ours */
    char flags[3];
};

/* Goes on with the trace of a header "traceparent"; begins one if it is absent or not valid. */
void trace_context_begin(struct trace_context *trace, struct http_slice traceparent,
                         struct random *random);

/* "00-TRACE-SPAN-FLAGS" with our span, for the answer. */
void trace_context_write(const struct trace_context *trace, char to[TRACE_PARENT_LENGTH + 1]);

#endif
