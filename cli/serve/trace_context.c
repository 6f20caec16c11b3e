/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the header traceparent: "00-<trace id>-<span id>-<flags>". */
#include "serve/trace_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53 };

/* Lower case alone: the others are not valid here. */
static bool is_hex(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (!digit && (text[i] < 'a' || text[i] > 'f')) return false;
    }
    return true;
}

static bool is_zero(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '0') return false;
    }
    return true;
}

/* Later versions may add fields behind those of version 00, after another dash. */
static bool is_valid(struct http_slice header) {
    const char *at = header.at;
    if (header.length < TRACE_PARENT_LENGTH || !is_hex(at, 2) || memcmp(at, "ff", 2) == 0) {
        return false;
    }
    if (header.length > TRACE_PARENT_LENGTH &&
        (memcmp(at, "00", 2) == 0 || at[TRACE_PARENT_LENGTH] != '-')) {
        return false;
    }
    return at[TRACE_AT - 1] == '-' && at[SPAN_AT - 1] == '-' && at[FLAGS_AT - 1] == '-' &&
           is_hex(at + TRACE_AT, 32) && !is_zero(at + TRACE_AT, 32) && is_hex(at + SPAN_AT, 16) &&
           !is_zero(at + SPAN_AT, 16) && is_hex(at + FLAGS_AT, 2);
}

static void write_id(char *to, struct random *random) {
    uint64_t bits = random_bits(random);
    snprintf(to, 17, "%016" PRIx64, bits != 0 ? bits : 1);
}

void trace_context_begin(struct trace_context *trace, struct http_slice traceparent,
                         struct random *random) {
    memset(trace, 0, sizeof *trace);
    write_id(trace->span_id, random);
    if (is_valid(traceparent)) {
        memcpy(trace->trace_id, traceparent.at + TRACE_AT, 32);
        memcpy(trace->parent_id, traceparent.at + SPAN_AT, 16);
        memcpy(trace->flags, traceparent.at + FLAGS_AT, 2);
        return;
    }
    write_id(trace->trace_id, random);
    write_id(trace->trace_id + 16, random);
    memcpy(trace->flags, "00", 2);
}

void trace_context_write(const struct trace_context *trace, char to[TRACE_PARENT_LENGTH + 1]) {
    snprintf(to, TRACE_PARENT_LENGTH + 1, "00-%.32s-%.16s-%.2s", trace->trace_id, trace->span_id,
             trace->flags);
}
