/* SPDX-License-Identifier: Apache-2.0 */
/* Finds where a request's head ends, byte by byte as it comes, and refuses what must not be in one.
 */
#ifndef CLI_HTTP_HEAD_SCAN_H
#define CLI_HTTP_HEAD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/slice.h"

/* Why a request is refused. */
struct refusal {
    int status;
    const char *code;     /* static */
    const char *sentence; /* static; with one %zu of the limit, if there is one */
    size_t limit;         /* 0: none */
};

/* Sets *why and returns false. */
bool refusal_set(struct refusal *why, int status, const char *code, const char *sentence);

/* All zero before the first byte of a head. */
struct head_scan {
    size_t bytes; /* that were looked at; of the whole head, once it is complete */
    size_t line;  /* of these, in the line that has not ended */
    size_t lines; /* that have ended: the request line, headers, and the empty one */
    bool carriage_return;
};

enum head_scan_result { HEAD_SCAN_MORE, HEAD_SCAN_COMPLETE, HEAD_SCAN_REFUSED };

/* `head` begins with the request line and holds all bytes so far, and maybe some behind the head.
 * The same bytes in other pieces have the same result. */
enum head_scan_result head_scan(struct head_scan *scan, struct http_slice head, size_t most_bytes,
                                size_t most_headers, struct refusal *why);

/* Splits the line, without its end, that head_scan found sound. */
void head_scan_request_line(const char *line, struct http_slice *method, struct http_slice *target,
                            int *minor);

/* Letters, digits and the signs that names of methods and headers are made of. */
bool head_scan_is_token(struct http_slice text);

#endif
