/* SPDX-License-Identifier: Apache-2.0 */
/* One request to a route and its answer, without a server: the body in, pairs out; scores in, the
 * answer's body out. */
#ifndef TESTS_CLI_SERVE_DATA_EXCHANGE_CHECK_H
#define TESTS_CLI_SERVE_DATA_EXCHANGE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "serve/data/data_route.h"

enum { CHECK_MOST_PAIRS = 100 }; /* as the settings say */

struct exchange_check {
    struct http_header headers[4];
    struct http_request request;
    struct data_call call;
    struct http_answer answer;
};

/* Begins a request of `type` (NULL: none) with a copy of the body. */
void exchange_check_begin(struct exchange_check *check, const char *type, const char *query,
                          const char *body, size_t length);
void exchange_check_header(struct exchange_check *check, const char *name, const char *value);

const struct data_route *exchange_check_route(const char *path);

/* Reads it by the route of this path. Whether it was taken. */
bool exchange_check_parse(struct exchange_check *check, const char *path);

/* Both for JSON. */
bool exchange_check_send(struct exchange_check *check, const char *path, const char *json);

/* Renders with scores that count: pair i's similarity is 0.9 - i / 10, and so is the probability of
 * its label, which is i % 3; `flags` of the last pair. */
void exchange_check_render(struct exchange_check *check, const char *path, uint32_t flags);

/* The pairs that were read, as "a|b;c|d;". */
void exchange_check_pairs(const struct exchange_check *check, const char *wanted);

/* The answer's body as a whole. */
void exchange_check_answer(const struct exchange_check *check, int status, const char *wanted);

/* That a body of JSON is refused, and how; field NULL: none. */
void exchange_check_refused(const char *path, const char *json, int status, const char *code,
                            const char *field, int64_t index);

/* The same for each of a list. */
struct exchange_check_refusal {
    const char *json;
    int status;
    const char *code, *field;
    int index;
};
void exchange_check_refused_all(const char *path, const struct exchange_check_refusal *refused,
                                size_t count);

/* That the answer is such an error. */
void exchange_check_error(const struct exchange_check *check, int status, const char *code,
                          const char *field, int64_t index);
void exchange_check_finish(struct exchange_check *check);

/* The model that is live: its version "v1", blue, generation 3. */
extern bool exchange_check_is_live;
extern const char *exchange_check_reason; /* NULL: ready */

#endif
