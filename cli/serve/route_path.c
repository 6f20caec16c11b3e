/* SPDX-License-Identifier: Apache-2.0 */
/* Pattern and path, segment by segment. */
#include "serve/route_path.h"

#include <string.h>

#include "http/exchange.h"

static size_t segment_length(const char *at, size_t left) {
    size_t length = 0;
    while (length < left && at[length] != '/') length++;
    return length;
}

/* A segment in braces: an empty one is no name. */
static bool take_segment(const char *pattern, struct http_slice segment, char *model,
                         char *version) {
    char *to = strncmp(pattern, "{model}", 7) == 0 ? model : version;
    return segment.length > 0 && http_decode(segment, to, ROUTE_PATH_SEGMENT);
}

bool route_path_match(const char *pattern, struct http_slice path, char model[ROUTE_PATH_SEGMENT],
                      char version[ROUTE_PATH_SEGMENT]) {
    const char *at = path.at, *end = path.at + path.length;
    model[0] = version[0] = '\0';
    while (*pattern == '/' && at < end && *at == '/') {
        pattern++;
        size_t wanted = segment_length(pattern, strlen(pattern));
        struct http_slice segment = {at + 1, segment_length(at + 1, (size_t)(end - at - 1))};
        bool same = wanted == segment.length && memcmp(pattern, segment.at, wanted) == 0;
        if (pattern[0] == '{' ? !take_segment(pattern, segment, model, version) : !same) {
            return false;
        }
        pattern += wanted;
        at += 1 + segment.length;
    }
    return *pattern == '\0' && at == end;
}
