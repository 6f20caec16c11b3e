/* SPDX-License-Identifier: Apache-2.0 */
/* What the server tells of itself: /health, /livez, /readyz, /metrics, /info. Any thread. */
#ifndef CLI_SERVE_PAGES_PAGES_H
#define CLI_SERVE_PAGES_PAGES_H

#include <stdint.h>

#include "http/answer.h"
#include "http/exchange.h"
#include "serve/service.h"

/* 200, or 503 with the reason. /livez is alive as long as anything answers. */
void pages_health(const struct service *service, struct http_answer *answer);
void pages_livez(const struct service *service, struct http_answer *answer);
void pages_readyz(const struct service *service, struct http_answer *answer);

/* The library's metrics and the server's; OpenMetrics where the header Accept asks for it. */
struct pages_counts {
    unsigned streams;     /* that run */
    uint64_t log_dropped; /* lines of the access log */
};
void pages_metrics(const struct service *service, const struct http_request *request,
                   const struct pages_counts *counts, struct http_answer *answer);

/* Versions, the live model, limits, and every setting with where it came from. */
void pages_info(const struct service *service, struct http_answer *answer);

#endif
