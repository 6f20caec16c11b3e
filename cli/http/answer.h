/* SPDX-License-Identifier: Apache-2.0 */
/* What a request is answered with: status, header lines, body; and the one form of an error. */
#ifndef CLI_HTTP_ANSWER_H
#define CLI_HTTP_ANSWER_H

#include <stdint.h>

#include "common/string_buffer.h"

struct http_answer {
    int status;
    const char *content_type;     /* static; NULL: no body */
    struct string_buffer headers; /* whole lines, each with its end */
    struct string_buffer body;
    const char *code; /* of an error, for logs: static; NULL: none */
};

/* Appends "name: value"; what must not stand in a header (controls) is left out of the value. */
void http_answer_header(struct http_answer *answer, const char *name, const char *value);
void http_answer_header_integer(struct http_answer *answer, const char *name, uint64_t value);

/* What went wrong. The JSON is flat, and its "error" is the sentence, because clients of the Open
 * Inference Protocol and of text-embeddings-inference both look for it there:
 *   {"error": "pairs[3] has 1 text: give two", "code": "bad_pair", "error_type": "Validation",
 *    "field": "pairs[3]", "index": 3, "limit": 1000} */
struct http_error {
    int status; /* 400, 404, 405, 408, 411, 412, 413, 415, 422, 428, 429, 431, 500, 501, 503, 505 */
    const char *code;  /* static, snake_case, for programs */
    const char *field; /* NULL: none */
    int64_t index;     /* of the pair or line; -1: none */
    uint64_t limit;    /* the limit that was passed; 0: none */
    int retry_after;   /* seconds, for 429 and 503; 0: none */
};

/* Makes the answer an error; what it held before is cleared. `format` makes the sentence. */
void http_answer_error(struct http_answer *answer, const struct http_error *error,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Frees what the answer holds. */
void http_answer_finish(struct http_answer *answer);

/* "Not Found"; "" for a number that has no name. */
const char *http_reason(int status);

#endif
