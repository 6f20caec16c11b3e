/* SPDX-License-Identifier: Apache-2.0 */
/* --timeout and X-Request-Timeout, whichever is sooner. */
#include "serve/deadline.h"

#include <string.h>

#include "common/parse.h"

bool deadline_read(const struct http_request *request, double timeout, uint64_t *deadline) {
    struct http_slice header = http_request_header(request, "X-Request-Timeout");
    double seconds = timeout, asked = 0;
    *deadline = 0;
    if (header.at != NULL) {
        char value[32] = "";
        struct error error;
        if (header.length >= sizeof value) return false;
        memcpy(value, header.at, header.length);
        if (!parse_duration("", value, 0, 86400, &asked, &error)) return false;
        if (timeout <= 0 || asked < timeout) seconds = asked;
    }
    if (seconds > 0 || header.at != NULL) *deadline = request->arrived + (uint64_t)(seconds * 1e9);
    return true;
}
