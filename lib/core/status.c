/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses and the one-line errors that go with them. */
#include "core/status.h"

#include "core/fixed_text.h"

#include <string.h>

#undef mgi_fail /* the analyzer's stand-ins */
#undef mgi_fail_memory

const char *mgeo_status_name(int32_t status) {
    switch (status) {
#define CASE(name, number, text)                                                                   \
    case name: return #name;
        MGEO_STATUS_LIST(CASE)
#undef CASE
    default: return "MGEO_E_UNKNOWN";
    }
}

const char *mgeo_status_text(int32_t status) {
    switch (status) {
#define CASE(name, number, text)                                                                   \
    case name: return text;
        MGEO_STATUS_LIST(CASE)
#undef CASE
    default: return "not a status of libmgeo";
    }
}

const char *mgeo_version(void) { return MGEO_VERSION; }

mgeo_status mgi_fail(mgeo_error *error, mgeo_status status, const char *format, ...) {
    if (error == NULL) return status;
    va_list arguments;
    va_start(arguments, format);
    char line[sizeof error->message]; /* the message may be among the arguments */
    mgi_fixed_text_format(line, sizeof line, format, arguments);
    va_end(arguments);
    error->status = status;
    memcpy(error->message, line, sizeof line);
    return status;
}

mgeo_status mgi_fail_memory(mgeo_error *error, const char *what, size_t bytes) {
    return mgi_fail(error, MGEO_E_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
}

mgeo_status mgi_succeed(mgeo_error *error) {
    if (error != NULL) {
        error->status = MGEO_OK;
        error->message[0] = '\0';
    }
    return MGEO_OK;
}
