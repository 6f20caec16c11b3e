/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of a text that somebody else keeps, and how it is compared. */
#ifndef CLI_HTTP_SLICE_H
#define CLI_HTTP_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct http_slice {
    const char *at;
    size_t length;
};

static inline bool http_slice_equals(struct http_slice slice, const char *text) {
    return slice.length == strlen(text) && memcmp(slice.at, text, slice.length) == 0;
}

/* ASCII letters of either case are the same. */
static inline bool http_slice_equals_nocase(struct http_slice slice, const char *text) {
    return slice.length == strlen(text) && strncasecmp(slice.at, text, slice.length) == 0;
}

#endif
