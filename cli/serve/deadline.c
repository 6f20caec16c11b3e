/* SPDX-License-Identifier: Apache-2.0 */
/* --timeout and X-Request-Timeout, whichever is sooner. */
#include "serve/deadline.h"

enum { MOST_DIGITS = 6 };

/* "250ms", "2s": whole numbers of up to six digits from 1 on, as openapi.json has it. */
static bool read_time(struct http_slice text, double *seconds) {
    size_t digits = 0;
    *seconds = 0;
    if (text.length > 0 && text.at[0] == '0') return false;
    while (digits < text.length && text.at[digits] >= '0' && text.at[digits] <= '9') {
        *seconds = *seconds * 10 + (text.at[digits++] - '0');
    }
    struct http_slice unit = {text.at + digits, text.length - digits};
    bool milliseconds = http_slice_equals(unit, "ms");
    if (milliseconds) *seconds *= 1e-3;
    return digits <= MOST_DIGITS && *seconds > 0 && (milliseconds || http_slice_equals(unit, "s"));
}

bool deadline_read(const struct http_request *request, double timeout, uint64_t *deadline) {
    struct http_slice header = http_request_header(request, "X-Request-Timeout");
    double seconds = timeout, asked = 0;
    *deadline = 0;
    if (header.at != NULL) {
        if (!read_time(header, &asked)) return false;
        if (timeout <= 0 || asked < timeout) seconds = asked;
    }
    if (seconds > 0 || header.at != NULL) *deadline = request->arrived + (uint64_t)(seconds * 1e9);
    return true;
}
