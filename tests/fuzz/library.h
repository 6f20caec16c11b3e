/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every refusal by the library. */
#ifndef TESTS_FUZZ_LIBRARY_H
#define TESTS_FUZZ_LIBRARY_H

#include "core/status.h"
#include "fuzz.h"

#include <string.h>

/* One line with a reason, of a kind that foreign bytes can cause. */
static inline void fuzz_check_error(mgeo_status status, const mgeo_error *error) {
    if (status == MGEO_OK) return;
    FUZZ_REQUIRE(error->status == (int32_t)status, "status and error differ");
    FUZZ_REQUIRE(status == MGEO_E_FORMAT || status == MGEO_E_UNSUPPORTED || status == MGEO_E_MEMORY,
                 "an unlikely status");
    FUZZ_REQUIRE(strlen(error->message) >= 10, "an error without a reason");
    FUZZ_REQUIRE(strchr(error->message, '\n') == NULL, "an error of two lines");
}

#endif
