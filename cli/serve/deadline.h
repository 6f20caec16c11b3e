/* SPDX-License-Identifier: Apache-2.0 */
/* Until when a request is to be answered. */
#ifndef CLI_SERVE_DEADLINE_H
#define CLI_SERVE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "http/exchange.h"

/* The sooner of `timeout` seconds (0: none) and the header X-Request-Timeout ("250ms", "2s"), both
 * from the request's first byte; as clock_nanoseconds(), 0: none. False: the header is no time. */
bool deadline_read(const struct http_request *request, double timeout, uint64_t *deadline);

#endif
