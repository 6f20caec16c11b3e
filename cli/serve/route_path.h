/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a path is that of a route whose segments in braces match any. */
#ifndef CLI_SERVE_ROUTE_PATH_H
#define CLI_SERVE_ROUTE_PATH_H

#include <stdbool.h>

#include "http/slice.h"

enum { ROUTE_PATH_SEGMENT = 64 };

/* "/v2/models/{model}/versions/{version}/infer": what stands in the place of {model} and {version}
 * is decoded into these; "" where the pattern has none. */
bool route_path_match(const char *pattern, struct http_slice path, char model[ROUTE_PATH_SEGMENT],
                      char version[ROUTE_PATH_SEGMENT]);

#endif
