/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every refusal by the programs. */
#ifndef TESTS_FUZZ_LINES_H
#define TESTS_FUZZ_LINES_H

#include "common/error.h"
#include "fuzz.h"
#include "utf8.h"

#include <string.h>

/* One line with a reason, which a terminal may be shown. */
static inline void fuzz_check_line(const struct error *error) {
    size_t length = strlen(error->line);
    FUZZ_REQUIRE(length >= 10, "an error without a reason");
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)error->line[i];
        FUZZ_REQUIRE(byte >= 0x20 && byte != 0x7F, "an error of several lines, or that steers");
    }
    FUZZ_REQUIRE(fuzz_is_utf8((const unsigned char *)error->line, length),
                 "an error that is not UTF-8");
}

#endif
