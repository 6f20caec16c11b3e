/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of a watch, as swaps and canaries read them. */
#ifndef CLI_SERVE_OPERATE_WATCH_H
#define CLI_SERVE_OPERATE_WATCH_H

#include "serve/operate/body.h"

struct watch_body {
    bool given;
    uint64_t window_calls, min_calls;
    double window_seconds, max_error_rate, max_not_finite_rate, max_latency_ratio, max_psi;
};

/* The members of "watch" in a struct whose member `within` is a struct watch_body. */
#define WATCH_AT(of, within, member) .at = offsetof(of, within.member)
#define WATCH_FIELDS(of, within)                                                                   \
    {.name = "window_calls",                                                                       \
     .type = BODY_BYTES,                                                                           \
     WATCH_AT(of, within, window_calls),                                                           \
     .most = 1e15},                                                                                \
        {.name = "min_calls", .type = BODY_BYTES, WATCH_AT(of, within, min_calls), .most = 1e15},  \
        {.name = "window_seconds",                                                                 \
         .type = BODY_NUMBER,                                                                      \
         WATCH_AT(of, within, window_seconds),                                                     \
         .most = 1e7},                                                                             \
        {.name = "max_error_rate",                                                                 \
         .type = BODY_LIMIT,                                                                       \
         WATCH_AT(of, within, max_error_rate),                                                     \
         .most = 1},                                                                               \
        {.name = "max_not_finite_rate",                                                            \
         .type = BODY_LIMIT,                                                                       \
         WATCH_AT(of, within, max_not_finite_rate),                                                \
         .most = 1},                                                                               \
        {.name = "max_latency_ratio",                                                              \
         .type = BODY_LIMIT,                                                                       \
         WATCH_AT(of, within, max_latency_ratio),                                                  \
         .most = 1e6},                                                                             \
        {.name = "max_psi", .type = BODY_LIMIT, WATCH_AT(of, within, max_psi), .most = 1e6}, {     \
        0                                                                                          \
    }

static inline mgeo_watch watch_of(const struct watch_body *body) {
    return (mgeo_watch){.struct_size = sizeof(mgeo_watch),
                        .window_calls = body->window_calls,
                        .window_seconds = body->window_seconds,
                        .min_calls = body->min_calls,
                        .max_error_rate = body->max_error_rate,
                        .max_not_finite_rate = body->max_not_finite_rate,
                        .max_latency_ratio = body->max_latency_ratio,
                        .max_psi = body->max_psi};
}

#endif
