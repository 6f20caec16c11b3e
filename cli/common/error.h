/* SPDX-License-Identifier: Apache-2.0 */
/* Why something could not be done: one line for the user. */
#ifndef CLI_COMMON_ERROR_H
#define CLI_COMMON_ERROR_H

#include <stdbool.h>

struct error {
    char line[1280]; /* what, where, what to do; without a newline. Empty: interrupted */
};

/* Writes the line and returns false, so that a failing function can end in `return error_set(…)`.
 */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
