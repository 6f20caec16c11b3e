/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a request holds: its headers, the parameters of its query, percent-encoded text. */
#include "http/exchange.h"

struct http_slice http_request_header(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (http_slice_equals_nocase(request->headers[i].name, name)) {
            return request->headers[i].value;
        }
    }
    return (struct http_slice){NULL, 0};
}

/* ---- percent-encoding ------------------------------------------------------------------------ */

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    return -1;
}

/* The byte that %XX at `at` means; -1: it means none that a text may hold. */
static int encoded_byte(struct http_slice encoded, size_t at) {
    if (encoded.length - at < 3) return -1;
    int high = hex_digit(encoded.at[at + 1]), low = hex_digit(encoded.at[at + 2]);
    if (high < 0 || low < 0 || high + low == 0) return -1;
    return high * 16 + low;
}

/* `plus`: what '+' stands for. *malformed tells the two reasons for false apart. */
static bool decode(struct http_slice encoded, char plus, char *to, size_t capacity,
                   bool *malformed) {
    size_t length = 0;
    *malformed = false;
    for (size_t at = 0; at < encoded.length; at++) {
        int byte = (unsigned char)encoded.at[at];
        if (byte == '+') byte = (unsigned char)plus;
        if (byte == '%') {
            byte = encoded_byte(encoded, at);
            at += 2;
        }
        *malformed = byte <= 0;
        if (*malformed || length + 1 >= capacity) return false;
        to[length++] = (char)byte;
    }
    if (capacity == 0) return false;
    to[length] = '\0';
    return true;
}

bool http_decode(struct http_slice encoded, char *to, size_t capacity) {
    bool malformed;
    return decode(encoded, '+', to, capacity, &malformed);
}

/* ---- the query ------------------------------------------------------------------------------- */

/* Takes the text up to `end`, or all that is left, off `rest`. */
static struct http_slice take_until(struct http_slice *rest, char end) {
    const char *found = rest->length > 0 ? memchr(rest->at, end, rest->length) : NULL;
    struct http_slice taken = {rest->at, found != NULL ? (size_t)(found - rest->at) : rest->length};
    size_t gone = found != NULL ? taken.length + 1 : taken.length;
    if (gone > 0) rest->at += gone;
    rest->length -= gone;
    return taken;
}

bool http_request_parameter(const struct http_request *request, const char *name, char *to,
                            size_t capacity, bool *malformed) {
    bool ignored;
    if (malformed == NULL) malformed = &ignored;
    *malformed = false;
    struct http_slice rest = request->query;
    while (rest.length > 0) {
        struct http_slice value = take_until(&rest, '&');
        struct http_slice key = take_until(&value, '=');
        if (http_slice_equals(key, name)) return decode(value, ' ', to, capacity, malformed);
    }
    return false;
}
